"""Notes at a timestamp of a video; each user sees only their own."""

from collections.abc import Sequence
from enum import StrEnum

from db.paging import Page, PageRequest, cut, group, page_of
from db.queries import notes as queries
from db.queries.notes import NoteRow
from db.sessions import Sessions
from services import limits
from services.errors import NotFound, ProblemCode
from services.validation import Checks
from services.videos import videos
from services.videos.timestamps import is_timestamp_text
from services.videos.videos import VideoRef


class NoteAiStatus(StrEnum):
    NONE = "NONE"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class NoteService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def create(
        self, user_id: int, ref: VideoRef, *, timestamp: str, text: str | None, title: str | None
    ) -> NoteRow:
        """A note on the video, which is added when new. Raises InvalidInput or NotFound."""
        checks = Checks()
        timestamp = checks.text(timestamp, "timestamp", maximum=limits.TIMESTAMP_LENGTH)
        if timestamp and not is_timestamp_text(timestamp):
            checks.add(["timestamp"], ProblemCode.INVALID_FORMAT, "Write the timestamp as minutes:seconds.")
        text = checks.optional_text(text, "text", maximum=limits.NOTE_LENGTH)
        title = checks.optional_text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            video = await videos.ensure(tx, ref, title)
            note = await tx.row(NoteRow, queries.add(user_id, video.id, timestamp, text))
            if note is None:
                raise NotFound("Video not found.")
            return note

    async def by_ids(self, user_id: int, ids: Sequence[int]) -> list[NoteRow | None]:
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(NoteRow, queries.by_ids(user_id, ids))}
        return [found.get(note_id) for note_id in ids]

    async def page_of_user(self, user_id: int, request: PageRequest) -> Page[NoteRow]:
        statement = page_of(queries.of_user(user_id), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(NoteRow, statement), request)

    async def count_of_user(self, user_id: int) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_of_user(user_id)) or 0

    async def pages_by_video(
        self, user_id: int | None, video_ids: Sequence[int], request: PageRequest
    ) -> list[Page[NoteRow]]:
        """Without a user (a guest), empty pages."""
        if user_id is None:
            return [cut([], request) for _ in video_ids]
        async with self._database.read() as reader:
            rows = await reader.rows(NoteRow, queries.pages_by_video(user_id, video_ids, request))
        return [cut(own, request) for own in group(video_ids, rows, lambda row: row.video_id)]

    async def counts_by_video(self, user_id: int | None, video_ids: Sequence[int]) -> list[int]:
        if user_id is None:
            return [0 for _ in video_ids]
        async with self._database.read() as reader:
            found = dict(await reader.all(queries.count_by_video(user_id, video_ids)))
        return [found.get(video_id, 0) for video_id in video_ids]
