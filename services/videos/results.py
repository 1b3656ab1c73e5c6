"""What came of a video's parts, kept: by our own worker, by one of somebody else, or as a user brought it.

Each is called in the transaction that has the video locked (`queries.lock`), and marks the part as ready and announces
the change itself. Tasks are ended by the caller, before: the order of locks is video, tasks, user, parts, topic.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from db import search_index
from db.queries import tasks as task_queries
from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.search_index import FoldedSegment
from db.sessions import Transaction
from services.notes import ai_notes
from services.videos import processing
from services.videos.processing import KINDS, Part, PartState


class TranscriptSource(StrEnum):
    YOUTUBE = "YOUTUBE"
    WORKER = "WORKER"
    USER = "USER"
    SAMPLE = "SAMPLE"


async def keep_metadata(tx: Transaction, video_id: int, details: Mapping[str, object], *, attempts: int) -> None:
    """In the place of what was there."""
    await tx.execute(queries.set_details(video_id, details))
    await _ready(tx, video_id, Part.METADATA, attempts)


async def stop_readers(tx: Transaction, video: VideoRow) -> None:
    """Whoever writes from words that are about to be replaced can keep nothing any more, and is asked to stop.

    What they were to write is asked for anew when their task has ended. Nobody begins such a task before the transaction
    ends. To be called before `keep_transcript`, and before a user is locked, whose deletion takes their tasks first.
    """
    if video.transcript_available:
        live = await tx.all(task_queries.lock_about((KINDS[Part.SUMMARY], ai_notes.KIND), video.id))
        running = [task_id for task_id, status in live if status == "RUNNING"]
        await tx.execute(task_queries.ask_to_stop(running))


async def keep_transcript(
    tx: Transaction,
    video: VideoRow,
    segments: Sequence[FoldedSegment],
    *,
    source: TranscriptSource,
    attempts: int,
    user_id: int | None = None,
) -> None:
    """In the place of what was there, whose readers have been stopped. The summary, and all notes that wait for the
    transcript, are then made.
    """
    await tx.execute(queries.remove_segments(video.id))
    rows = [{"video_id": video.id, "position": at, **segment._asdict()} for at, segment in enumerate(segments)]
    await tx.execute(queries.add_segments(), rows)
    await search_index.index_transcript(tx, video.id, segments, created_at=video.created_at)
    await tx.execute(queries.set_transcript(video.id, source))
    if video.transcript_available:
        await tx.execute(queries.forget_summary(video.id))  # of other words
    await tx.execute(queries.forget_submission(video.id))
    if user_id is not None:
        await tx.execute(queries.remember_submission(video.id, user_id))
    changed = await tx.row(VideoRow, queries.by_ids([video.id]))
    if changed is not None:
        await processing.enqueue_missing(tx, changed, among={Part.SUMMARY})
    await _ready(tx, video.id, Part.TRANSCRIPT, attempts)
    await ai_notes.dispatch(tx, video.id)


async def keep_summary(
    tx: Transaction, video_id: int, summary: str, suggested_questions: Sequence[str] | None, *, attempts: int
) -> None:
    await tx.execute(queries.set_summary(video_id, summary, suggested_questions))
    await _ready(tx, video_id, Part.SUMMARY, attempts)


async def _ready(tx: Transaction, video_id: int, part: Part, attempts: int) -> None:
    await tx.execute(queries.set_part(video_id, part, state=PartState.READY, attempts=attempts))
    await processing.announce(tx, video_id)
