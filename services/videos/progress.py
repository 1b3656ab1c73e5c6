"""How a part of a video shows what becomes of its task, whoever does it: our own worker or somebody else's.

Each function runs in the transaction that changes the task, after that change: the order of locks is task, parts, topic.
"""

from functools import partial

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Transaction
from services.notes import ai_notes
from services.tasks.model import ClaimedTask, Handler, Handling, TaskError
from services.tasks.queue import TaskQueue
from services.videos import processing
from services.videos.processing import Part, PartState
from services.videos.retries import is_settled

log: FilteringBoundLogger = structlog.get_logger()


def handling_of(part: Part, handle: Handler) -> Handling:
    """How tasks for this part are done: by the handler, and with their failures shown."""
    return Handling(
        handle=handle,
        on_failed_attempt=partial(show_failed_attempt, part),
        on_dead=partial(show_failure, part),
        on_cancelled=begin_summary_anew if part is Part.SUMMARY else None,
    )


async def begin(tx: Transaction, queue: TaskQueue, task: ClaimedTask, part: Part) -> VideoRow | None:
    """The video, its part shown as under way; None when there is nothing to do, and the task has succeeded.

    Raises LeaseLost.
    """
    video_id = processing.video_id_of(task.payload)
    await queue.hold(tx, task)
    video = await tx.row(VideoRow, queries.by_ids([video_id]))
    if video is None:
        log.warning("video.missing", video_id=video_id)
        await queue.succeed(tx, task)
        return None
    is_there = is_settled(video, part)
    if is_there:
        await queue.succeed(tx, task)
    state = PartState.READY if is_there else PartState.RUNNING
    await tx.execute(queries.set_part(video_id, part, state=state, attempts=task.attempt))
    await processing.announce(tx, video_id)
    return None if is_there else video


async def show_waiting(tx: Transaction, part: Part, video_id: int, *, attempts: int) -> None:
    """Waiting for a try, unless the part is there already."""
    video = await tx.row(VideoRow, queries.by_ids([video_id]))
    if video is not None and not is_settled(video, part):
        await tx.execute(queries.set_part(video_id, part, state=PartState.PENDING, attempts=attempts))
        await processing.announce(tx, video_id)


async def show_failed_attempt(part: Part, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    """Waiting for the next try, with the reason of the last; when there is none, `show_failure` has the last word."""
    await _set_failed(tx, task, part, PartState.PENDING, error)
    await processing.announce(tx, processing.video_id_of(task.payload))


async def show_failure(part: Part, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    """Told by `show_failed_attempt`, which runs before in the same transaction."""
    video = await tx.row(VideoRow, queries.by_ids([processing.video_id_of(task.payload)]))
    if video is not None and processing.has_part(video, part):
        # What a user brought stays when nothing can be fetched in its place.
        await _set_failed(tx, task, part, PartState.READY, error)
        return
    await _set_failed(tx, task, part, PartState.FAILED, error)
    if part is Part.TRANSCRIPT:
        await ai_notes.on_transcript_failed(tx, processing.video_id_of(task.payload))


async def begin_summary_anew(tx: Transaction, task: ClaimedTask) -> None:
    """Its task was stopped since the words that it read were replaced: there is a new one as soon as it has ended."""
    video = await tx.row(VideoRow, queries.by_ids([processing.video_id_of(task.payload)]))
    if video is not None and await processing.enqueue_missing(tx, video, among={Part.SUMMARY}):
        await processing.announce(tx, video.id)


async def _set_failed(tx: Transaction, task: ClaimedTask, part: Part, state: PartState, error: TaskError) -> None:
    video_id = processing.video_id_of(task.payload)
    statement = queries.set_part(
        video_id, part, state=state, attempts=task.attempt, error_code=error.code, error=error.message
    )
    await tx.execute(statement)
