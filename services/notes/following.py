"""A user's notes on a video, followed as they come, change and go."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from db.paging import Page, PageRequest, cut
from db.queries import notes as queries
from db.queries import videos as video_queries
from db.queries.notes import NoteRow
from db.queries.videos import VideoRow
from db.sessions import Sessions
from services.errors import NotFound
from services.events.event import Event, EventsExpired
from services.events.log import EventLog
from services.events.log import position as position_of
from services.events.positions import parse_position
from services.notes.changes import NoteChange, topic_of

SNAPSHOT_NOTES = 50
"""The most that a snapshot holds; the rest is asked for page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The first notes, the oldest first; it replaces what the reader holds."""

    position: int
    page: Page[NoteRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A note that came or changed, as it is by now."""

    position: int
    is_new: bool
    note: NoteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    position: int
    note_id: int


NoteEvent = Snapshot | Kept | Gone


class NoteFollowing:
    def __init__(self, database: Sessions, log: EventLog) -> None:
        self._database = database
        self._log = log

    async def follow(self, user_id: int, video_id: int, after: str | None) -> AsyncGenerator[NoteEvent]:
        """What came since `after`, or a snapshot first when that position is not known (any more); without end.

        Raises NotFound before the first event when there is no such video.
        """
        async with self._database.read() as reader:
            if await reader.row(VideoRow, video_queries.by_ids([video_id])) is None:
                raise NotFound("Video not found.")
        position = parse_position(after)
        if position is not None and not await self._log.holds(topic_of(user_id, video_id), position):
            position = None
        return self._events(user_id, video_id, position)

    async def _events(self, user_id: int, video_id: int, position: int | None) -> AsyncGenerator[NoteEvent]:
        while True:
            if position is None:
                snapshot = await self._afresh(user_id, video_id)
                yield snapshot
                position = snapshot.position
            try:
                async with aclosing(self._log.follow(topic_of(user_id, video_id), position)) as events:
                    async for event in events:
                        told = await self._told(user_id, event)
                        if told is not None:
                            yield told
            except EventsExpired:
                position = None

    async def _told(self, user_id: int, event: Event) -> NoteEvent | None:
        """None for a note that is gone by now: its deletion is told later on."""
        note_id = int(str(event.data["noteId"]))
        if event.type == NoteChange.DELETED:
            return Gone(position=event.seq, note_id=note_id)
        async with self._database.read() as reader:
            note = await reader.row(NoteRow, queries.by_ids(user_id, [note_id]))
        return note and Kept(position=event.seq, is_new=event.type == NoteChange.CREATED, note=note)

    async def _afresh(self, user_id: int, video_id: int) -> Snapshot:
        request = PageRequest(SNAPSHOT_NOTES)
        async with self._database.read(snapshot=True) as reader:
            rows = await reader.rows(NoteRow, queries.pages_by_video(user_id, [video_id], request))
            return Snapshot(position=await position_of(reader, topic_of(user_id, video_id)), page=cut(rows, request))
