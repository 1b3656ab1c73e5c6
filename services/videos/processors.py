"""What the worker does for each part of a video: fetch or make it, keep it, and tell how it stands meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Sessions, Transaction
from services.llm.summary import summarise
from services.tasks.model import ClaimedTask, Handling, TaskError, TaskFailed
from services.tasks.queue import TaskQueue
from services.videos import processing, results
from services.videos.processing import KINDS, Part, PartState
from services.videos.results import TranscriptSource
from services.videos.transcripts import load_segments
from services.youtube.failures import SourceCode, SourceError
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts

log: FilteringBoundLogger = structlog.get_logger()

T = TypeVar("T")


class VideoProcessor:
    """The handlers of all kinds of `processing.KINDS`. None of them holds a database session while it waits."""

    def __init__(self, *, database: Sessions, queue: TaskQueue, transcripts: Transcripts, metadata: Metadata) -> None:
        self._database = database
        self._queue = queue
        self._transcripts = transcripts
        self._metadata = metadata

    def handlers(self) -> dict[str, Handling]:
        """By kind of task."""
        makers = {
            Part.METADATA: self._fetch_metadata,
            Part.TRANSCRIPT: self._fetch_transcript,
            Part.SUMMARY: self._make_summary,
        }
        return {
            KINDS[part]: Handling(
                handle=partial(self._handle, part, make),
                on_failed_attempt=partial(_show_failed_attempt, part),
                on_dead=partial(_show_failure, part),
            )
            for part, make in makers.items()
        }

    async def _handle(
        self, part: Part, make: Callable[[ClaimedTask, VideoRow], Awaitable[None]], task: ClaimedTask
    ) -> None:
        video = await self._begin(task, part)
        if video is not None:
            await make(task, video)

    async def _fetch_metadata(self, task: ClaimedTask, video: VideoRow) -> None:
        details = await _fetched(self._metadata.fetch(video.youtube_id))
        async with self._finish(task, video.id) as tx:
            await results.keep_metadata(tx, video.id, details, attempts=task.attempt)

    async def _fetch_transcript(self, task: ClaimedTask, video: VideoRow) -> None:
        segments = await _fetched(self._transcripts.fetch(video.youtube_id))
        async with self._finish(task, video.id) as tx:
            source = TranscriptSource.YOUTUBE
            await results.keep_transcript(tx, video, segments, source=source, attempts=task.attempt)

    async def _make_summary(self, task: ClaimedTask, video: VideoRow) -> None:
        async with self._database.read() as reader:
            segments = await load_segments(reader, video.id)
        if not segments:
            raise _as_task_failure(SourceError(SourceCode.NO_TRANSCRIPT))
        summary = await asyncio.to_thread(summarise, segments)
        async with self._finish(task, video.id) as tx:
            await results.keep_summary(tx, video.id, summary, None, attempts=task.attempt)

    async def _begin(self, task: ClaimedTask, part: Part) -> VideoRow | None:
        """The video, its part shown as under way; None when there is nothing to do, and the task has succeeded."""
        video_id = processing.video_id_of(task.payload)
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            video = await tx.row(VideoRow, queries.by_ids([video_id]))
            if video is None:
                log.warning("video.missing", video_id=video_id)
                await self._queue.succeed(tx, task)
                return None
            is_there = processing.has_part(video, part)
            if is_there:
                await self._queue.succeed(tx, task)
            state = PartState.READY if is_there else PartState.RUNNING
            await tx.execute(queries.set_part(video_id, part, state=state, attempts=task.attempt))
            await processing.announce(tx, video_id)
            return None if is_there else video

    @asynccontextmanager
    async def _finish(self, task: ClaimedTask, video_id: int) -> AsyncGenerator[Transaction]:
        """The transaction that keeps the result and ends the task.

        All that write about a video lock it before its tasks, those before its parts, and its topic last: the other
        way round two of them could wait for each other.
        """
        async with self._database.write() as tx:
            await tx.first(queries.lock(video_id))
            await self._queue.succeed(tx, task)
            yield tx


async def _fetched(fetch: Awaitable[T]) -> T:
    try:
        return await fetch
    except SourceError as error:
        raise _as_task_failure(error) from error


def _as_task_failure(error: SourceError) -> TaskFailed:
    return TaskFailed(error.code, error.message, retryable=error.retryable)


async def _show_failed_attempt(part: Part, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    """Waiting for the next try, with the reason of the last; when there is none, `_show_failure` has the last word."""
    await _set_failed(tx, task, part, PartState.PENDING, error)
    await processing.announce(tx, processing.video_id_of(task.payload))


async def _show_failure(part: Part, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    """Told by `_show_failed_attempt`, which runs before in the same transaction."""
    await _set_failed(tx, task, part, PartState.FAILED, error)


async def _set_failed(tx: Transaction, task: ClaimedTask, part: Part, state: PartState, error: TaskError) -> None:
    video_id = processing.video_id_of(task.payload)
    statement = queries.set_part(
        video_id, part, state=state, attempts=task.attempt, error_code=error.code, error=error.message
    )
    await tx.execute(statement)
