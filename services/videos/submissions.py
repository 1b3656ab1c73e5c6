"""Transcripts that users bring: read, and kept for everybody where there is none yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from db.queries import transcripts as queries
from db.queries import uploads as upload_queries
from db.queries import videos as video_queries
from db.queries.videos import VideoRow
from db.search_index import FoldedSegment
from db.sessions import Reader, Sessions, Transaction
from services.errors import InvalidInput, NotFound, TranscriptExists, Unauthenticated, UnauthenticatedReason
from services.llm.chat_model import Segment
from services.tasks.queue import TaskQueue
from services.validation import Checks
from services.videos import processing, results, videos
from services.videos.formats.reading import read_text
from services.videos.processing import KINDS, Part
from services.videos.results import TranscriptSource
from services.videos.segments import GivenSegment, clean
from services.videos.transcript_files import TranscriptFiles, use_up
from services.videos.videos import VideoRef


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTranscript:
    """Exactly one is given, as it was sent."""

    upload_id: int | None = None
    segments: Sequence[GivenSegment] | None = None
    text: str | None = None


class SubmissionService:
    def __init__(self, database: Sessions, queue: TaskQueue, files: TranscriptFiles) -> None:
        self._database = database
        self._queue = queue
        self._files = files

    async def submit(self, user_id: int, ref: VideoRef, given: GivenTranscript) -> VideoRow:
        """The video, which is made when it is new, and becomes the user's.

        An upload is used up once it has been read, or cannot be. Raises NotFound, InvalidInput, TranscriptExists or
        Overloaded.
        """
        await self._check(user_id, ref, given)
        async with self._database.read() as reader:
            video = await videos.lookup(reader, ref)
            if video is not None:
                await _require_room(reader, video, user_id)
            elif ref.youtube is None:
                raise NotFound("Video not found.")
        read = await self._read(user_id, given, videos.seconds_of(video))
        if given.upload_id is not None:
            # Now, so that no file is worked at twice.
            await self._use_up(user_id, given.upload_id)
        segments = await self._files.fold(read)
        async with self._database.write() as tx:
            video = await videos.lock(tx, await videos.make(tx, ref, None))
            await _require_room(tx, video, user_id)
            # Whoever fetches it can keep nothing any more, nor show a failure.
            await self._queue.request_cancel(tx, KINDS[Part.TRANSCRIPT], str(video.id))
            await results.stop_readers(tx, video)
            await _lock_user(tx, user_id)
            await self._keep(tx, video, segments, user_id)
            await tx.execute(video_queries.remember_addition(user_id, video.id, tx.dialect))
            return await videos.lookup(tx, VideoRef(id=video.id)) or video

    async def _check(self, user_id: int, ref: VideoRef, given: GivenTranscript) -> None:
        """The link; a bad one is told with what is wrong about the transcript, except that no file is read in vain."""
        checks = Checks()
        videos.check_ref(checks, ref)
        if checks.found_any and given.upload_id is None:
            try:
                await self._read(user_id, given, None)
            except InvalidInput as error:
                checks.include(error.problems)
        checks.finish()

    async def _read(self, user_id: int, given: GivenTranscript, total_seconds: float | None) -> Sequence[Segment]:
        if given.upload_id is not None:
            return await self._read_upload(user_id, given.upload_id, total_seconds)
        if given.segments is not None:
            return await self._files.parse(partial(_checked, given.segments))
        checks = Checks()
        checks.storable(text := given.text or "", "source", "text")
        checks.finish()
        return await self._files.parse(partial(read_text, text, total_seconds, "source", "text"))

    async def _read_upload(self, user_id: int, upload_id: int, total_seconds: float | None) -> Sequence[Segment]:
        try:
            return await self._files.read(user_id, upload_id, "source", "uploadId", total_seconds=total_seconds)
        except InvalidInput:
            await self._use_up(user_id, upload_id)
            raise

    async def _use_up(self, user_id: int, upload_id: int) -> None:
        async with self._database.write() as tx:
            await _lock_user(tx, user_id)
            await use_up(tx, user_id, upload_id)

    async def _keep(self, tx: Transaction, video: VideoRow, segments: Sequence[FoldedSegment], user_id: int) -> None:
        await processing.enqueue_missing(tx, video, among={Part.METADATA})
        source = TranscriptSource.USER
        await results.keep_transcript(tx, video, segments, source=source, attempts=0, user_id=user_id)


def _checked(given: Sequence[GivenSegment]) -> list[Segment]:
    checks = Checks()
    segments = clean(checks, given, "source", "segments")
    checks.finish()
    return segments


async def _require_room(reader: Reader, video: VideoRow, user_id: int) -> None:
    """Raises TranscriptExists for a transcript that is not of the user's own bringing.

    What was brought by somebody whose account is gone anybody may replace: there is nobody else to correct it.
    """
    if not video.transcript_available:
        return
    submitter = await reader.scalar(queries.submitter(video.id))
    is_orphan = submitter is None and video.transcript_source == TranscriptSource.USER
    if submitter != user_id and not is_orphan:
        raise TranscriptExists(video.id)


async def _lock_user(tx: Transaction, user_id: int) -> None:
    """After tasks, and before all that is theirs, as when the account is deleted. Raises Unauthenticated."""
    if await tx.scalar(upload_queries.lock_user(user_id)) is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
