"""What a worker of somebody else does with a task that it holds: stay alive, bring the result, or give up."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from db.queries import tasks as queries
from db.queries import videos as video_queries
from db.queries.tasks import TaskRow
from db.queries.videos import VideoRow
from db.sessions import Sessions, Transaction
from services import errors, limits
from services.errors import NotFound, ProblemCode
from services.external_work import outcomes
from services.external_work.handlings import HANDLINGS
from services.external_work.outcomes import GivenResult, Outcome
from services.external_work.types import TaskStatus, type_of
from services.llm.writing.drafts import Draft
from services.notes import ai_notes
from services.tasks import model
from services.tasks.model import ClaimedTask, Heartbeat, TaskError
from services.tasks.queue import TaskQueue
from services.validation import UNSTORABLE, Checks
from services.videos import processing, results
from services.videos.results import TranscriptSource
from services.videos.transcript_files import TranscriptFiles, use_up
from services.videos.videos import seconds_of

UNEXPLAINED = "Unknown error occurred."


class WorkService:
    def __init__(self, database: Sessions, queue: TaskQueue, files: TranscriptFiles) -> None:
        self._database = database
        self._queue = queue
        self._files = files

    async def heartbeat(self, task_id: int, lease_token: str) -> Heartbeat:
        """Extend the lease. Raises NotFound, LeaseLost or TaskCancelled."""
        row = await self._held(task_id, lease_token)
        with _explained():
            return await self._queue.heartbeat(_claimed(row, lease_token))

    async def complete(self, task_id: int, lease_token: str, given: GivenResult) -> TaskRow:
        """Keep the result and end the task, both or neither. Done again after a success, it changes nothing.

        Nothing is kept when the video or the note is gone. Raises NotFound, LeaseLost, InvalidInput, TaskCancelled, or
        Overloaded.
        """
        row = await self._held(task_id, lease_token)
        if row.status == TaskStatus.SUCCEEDED:
            return row  # the answer to the first time was lost
        outcomes.check_fit(type_of(row.kind), given)
        task = _claimed(row, lease_token)
        outcome = await self._read(task, given)
        try:
            with _explained():
                return await self._keep(task, given, outcome)
        except errors.LeaseLost:
            row = await self._held(task_id, lease_token)
            if row.status != TaskStatus.SUCCEEDED:
                raise
            return row  # by the same result, sent twice at once
        except errors.TaskCancelled:
            with _explained():
                await self._queue.record_cancellation(task, HANDLINGS[task.kind])
            raise

    async def fail(self, task_id: int, lease_token: str, *, code: str, message: str | None, retryable: bool) -> TaskRow:
        """Have the task tried again later, or end it when it may not be. Raises NotFound, LeaseLost or InvalidInput."""
        row = await self._held(task_id, lease_token)
        error = _checked_error(code, message, retryable=retryable)
        if row.status == TaskStatus.DEAD:
            return row
        with _explained():
            await self._queue.record_failure(_claimed(row, lease_token), error, HANDLINGS[row.kind])
        async with self._database.read() as reader:
            return await reader.row(TaskRow, queries.by_id(task_id)) or row

    async def _held(self, task_id: int, lease_token: str) -> TaskRow:
        """A task that was last claimed under the token; it may have ended since."""
        async with self._database.read() as reader:
            # What cannot be stored is no token of ours.
            is_sane = UNSTORABLE.search(lease_token) is None
            row = await reader.row(TaskRow, queries.under(task_id, lease_token)) if is_sane else None
            if row is None and await reader.row(TaskRow, queries.by_id(task_id)) is None:
                raise NotFound("Task not found.")
        if row is None or row.kind not in HANDLINGS:
            raise errors.LeaseLost
        if row.status == TaskStatus.CANCELLED:
            raise errors.TaskCancelled
        return row

    async def _read(self, task: ClaimedTask, given: GivenResult) -> Outcome:
        video_id = processing.video_id_of(task.payload)
        async with self._database.read() as reader:
            video = await reader.row(VideoRow, video_queries.by_ids([video_id]))
        if given.transcript_upload_id is not None:
            upload_id, seconds = given.transcript_upload_id, seconds_of(video)
            segments = await self._files.read(None, upload_id, "result", given.name, total_seconds=seconds)
            return await self._files.fold(segments)
        check = partial(outcomes.check, given, None if video is None else video.youtube_id)
        return await (asyncio.to_thread(check) if given.transcript is None else self._files.parse(check))

    async def _keep(self, task: ClaimedTask, given: GivenResult, outcome: Outcome) -> TaskRow:
        video_id = processing.video_id_of(task.payload)
        async with self._database.write() as tx:
            # The order of locks: video, task, parts, topics.
            video = await tx.row(VideoRow, video_queries.lock(video_id))
            await self._queue.succeed(tx, task)
            if given.transcript_upload_id is not None:
                await use_up(tx, None, given.transcript_upload_id)
            if video is not None:
                await _keep_outcome(tx, task, video, outcome)
            row = await tx.row(TaskRow, queries.by_id(task.id))
            if row is None:
                raise errors.LeaseLost
            return row


async def _keep_outcome(tx: Transaction, task: ClaimedTask, video: VideoRow, outcome: Outcome) -> None:
    match outcome:
        case str():
            await ai_notes.keep_text(tx, ai_notes.note_id_of(task.payload), outcome)
        case Draft():
            await results.keep_summary(tx, video.id, outcome.summary, outcome.questions, attempts=task.attempt)
        case dict():
            await results.keep_metadata(tx, video.id, outcome, attempts=task.attempt)
        case _:
            await results.stop_readers(tx, video)
            source = TranscriptSource.WORKER
            await results.keep_transcript(tx, video, outcome, source=source, attempts=task.attempt)


def _claimed(row: TaskRow, lease_token: str) -> ClaimedTask:
    return ClaimedTask(
        id=row.id,
        kind=row.kind,
        lane=row.lane,
        key=row.key,
        payload=row.payload,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        lease_token=lease_token,
    )


def _checked_error(code: str, message: str | None, *, retryable: bool) -> TaskError:
    """Raises InvalidInput."""
    checks = Checks()
    code = checks.text(code, "error", "code", maximum=limits.ERROR_CODE_LENGTH)
    if code and not (code.isascii() and code.replace("_", "A").isalnum() and code.upper() == code):
        checks.add(["error", "code"], ProblemCode.INVALID_FORMAT, "Write the code in capitals, digits and underscores.")
    shown = checks.optional_text(message, "error", "message", maximum=limits.ERROR_MESSAGE_LENGTH)
    checks.finish()
    return TaskError(code=code, message=shown or UNEXPLAINED, retryable=retryable)


@contextmanager
def _explained() -> Generator[None]:
    """What the queue raises, as a refusal that a client can act on."""
    try:
        yield
    except model.LeaseLost:
        raise errors.LeaseLost from None
    except model.TaskCancelled:
        raise errors.TaskCancelled from None
