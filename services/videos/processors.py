"""What the worker does for each part of a video: fetch or make it, keep it, and tell how it stands meanwhile."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Sessions, Transaction
from services.llm.chat_model import ModelError, Segment
from services.llm.writing.drafts import Draft
from services.llm.writing.failures import as_task_failure
from services.llm.writing.writer import Writer, WriterChoice
from services.tasks.model import ClaimedTask, Handling, TaskFailed
from services.tasks.queue import TaskQueue
from services.videos import progress, results
from services.videos.folding import Folding
from services.videos.processing import KINDS, Part
from services.videos.results import TranscriptSource
from services.videos.transcripts import load_segments
from services.youtube.failures import SourceCode, SourceError
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts

log: FilteringBoundLogger = structlog.get_logger()

T = TypeVar("T")


class VideoProcessor:
    """The handlers of all kinds of `processing.KINDS`. None of them holds a database session while it waits."""

    def __init__(
        self,
        *,
        database: Sessions,
        queue: TaskQueue,
        transcripts: Transcripts,
        metadata: Metadata,
        writers: WriterChoice,
    ) -> None:
        self._database = database
        self._queue = queue
        self._transcripts = transcripts
        self._metadata = metadata
        self._writers = writers
        self._folding = Folding()

    def handlers(self) -> dict[str, Handling]:
        """By kind of task."""
        makers = {
            Part.METADATA: self._fetch_metadata,
            Part.TRANSCRIPT: self._fetch_transcript,
            Part.SUMMARY: self._make_summary,
        }
        return {
            KINDS[part]: progress.handling_of(part, partial(self._handle, part, make)) for part, make in makers.items()
        }

    async def _handle(
        self, part: Part, make: Callable[[ClaimedTask, VideoRow], Awaitable[None]], task: ClaimedTask
    ) -> None:
        async with self._database.write() as tx:
            video = await progress.begin(tx, self._queue, task, part)
        if video is not None:
            await make(task, video)

    async def _fetch_metadata(self, task: ClaimedTask, video: VideoRow) -> None:
        details = await _fetched(self._metadata.fetch(video.youtube_id))
        async with self._finish(task, video.id) as tx:
            await results.keep_metadata(tx, video.id, details, attempts=task.attempt)

    async def _fetch_transcript(self, task: ClaimedTask, video: VideoRow) -> None:
        segments = await _fetched(self._transcripts.fetch(video.youtube_id))
        folded = await self._folding.fold(segments)
        async with self._finish(task, video.id) as tx:
            await results.stop_readers(tx, video)
            source = TranscriptSource.YOUTUBE
            await results.keep_transcript(tx, video, folded, source=source, attempts=task.attempt)

    async def _make_summary(self, task: ClaimedTask, video: VideoRow) -> None:
        async with self._database.read() as reader:
            segments = await load_segments(reader, video.id)
        if not segments:
            raise _as_task_failure(SourceError(SourceCode.NO_TRANSCRIPT))
        draft = await _written(await self._writers.for_user(None), video, segments)
        async with self._finish(task, video.id) as tx:
            await results.keep_summary(tx, video.id, draft.summary, draft.questions, attempts=task.attempt)

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


async def _written(writer: Writer, video: VideoRow, segments: Sequence[Segment]) -> Draft:
    try:
        return await writer.summarise(video.display_title or "", segments)
    except ModelError as error:
        log.warning("summary.model_failed", model=writer.name, code=error.code, video_id=video.id)
        failure = as_task_failure(error)
    # Out here, so that the failure does not carry the model's as its context.
    raise failure


async def _fetched(fetch: Awaitable[T]) -> T:
    try:
        return await fetch
    except SourceError as error:
        raise _as_task_failure(error) from error


def _as_task_failure(error: SourceError) -> TaskFailed:
    return TaskFailed(error.code, error.message, retryable=error.retryable)
