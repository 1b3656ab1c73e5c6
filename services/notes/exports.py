"""A user's notes as a file, by signed links that expire. Nothing is stored: it is written while it is sent."""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from db.queries import notes as queries
from db.queries import users as user_queries
from db.queries import videos as video_queries
from db.queries.notes import NoteRow
from db.queries.users import UserRow
from db.queries.videos import VideoRow
from db.sessions import Sessions
from services.counters.throttle import Throttle
from services.errors import NotFound
from services.identity.keys import Keyring
from services.notes.exported import Exported, Writer
from services.notes.json_array import JsonArray
from services.notes.markdown import Markdown
from services.notes.spreadsheet import Spreadsheet
from services.rates import Rate
from services.storage.links import SignedLinks
from services.videos import videos
from services.videos.timestamps import parse_timestamp
from services.videos.videos import VideoRef

PAGE_NOTES = 100
"""So many are in memory at once, and sent together."""
NAME = re.compile(r"notes(?:-([A-Za-z0-9_-]{1,64}))?\.(md|csv|json)")
LONGEST_TITLE = 100
# What file systems do not take in a name, or take for something else.
UNFIT = re.compile(r'[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]')


class NotesFormat(StrEnum):
    MARKDOWN = "MARKDOWN"
    CSV = "CSV"
    JSON = "JSON"


WRITERS: dict[NotesFormat, type[Writer]] = {
    NotesFormat.MARKDOWN: Markdown,
    NotesFormat.CSV: Spreadsheet,
    NotesFormat.JSON: JsonArray,
}
BY_EXTENSION = {writer.extension: writer for writer in WRITERS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesLink:
    path: str
    """Below the server's address."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesFile:
    name: str
    content_type: str
    write: Callable[[], AsyncGenerator[str]]
    """At least one piece."""


class NotesExports:
    def __init__(
        self, database: Sessions, keyring: Keyring, lifetime: timedelta, throttle: Throttle, rate: Rate
    ) -> None:
        """`rate`: of all files of one user together."""
        self._throttle = throttle
        self._rate = rate
        self._database = database
        self._keyring = keyring
        self._lifetime = lifetime

    async def link(self, user_id: int, ref: VideoRef | None, kind: NotesFormat) -> NotesLink:
        """To all the user's notes, or to those on one video. Raises NotFound, or InvalidInput for a link that is none."""
        name = f"notes.{WRITERS[kind].extension}"
        if ref is not None:
            async with self._database.read() as reader:
                video = await videos.lookup(reader, ref)
            if video is None:
                raise NotFound("Video not found.")
            name = f"notes-{video.youtube_id}.{WRITERS[kind].extension}"
        # On a whole second, as it is signed.
        expires_at = (datetime.now(UTC) + self._lifetime).replace(microsecond=0) + timedelta(seconds=1)
        return NotesLink(path=f"/notes/{self._links(name).sign(user_id, expires_at)}/{name}", expires_at=expires_at)

    async def find(self, token: str, name: str) -> NotesFile:
        """Raises NotFound alike for every link that is not good (any more), or RateLimited."""
        match = NAME.fullmatch(name)
        link = None if match is None else self._links(name).read(token)
        if match is None or link is None or link.expires_at <= datetime.now(UTC):
            raise NotFound
        await self._throttle.count("notes files", str(link.row_id), self._rate)
        youtube_id, extension = match.groups()
        async with self._database.read() as reader:
            user = await reader.row(UserRow, user_queries.by_id(link.row_id))
            video = await reader.row(VideoRow, video_queries.by_youtube_id(youtube_id)) if youtube_id else None
        if user is None or (video is None) != (youtube_id is None):
            raise NotFound
        writer, video_id = BY_EXTENSION[extension], None if video is None else video.id
        return NotesFile(
            name=f"{_title(video)}.{extension}",
            content_type=writer.content_type,
            write=lambda: self._write(user.id, video_id, writer()),
        )

    def _links(self, name: str) -> SignedLinks:
        # What is in the file stands in its name: another name needs another signature.
        return SignedLinks(self._keyring, f"notes {name}")

    async def _write(self, user_id: int, video_id: int | None, writer: Writer) -> AsyncGenerator[str]:
        """No session is open while a piece is being sent."""
        async with self._database.read() as reader:
            moments = await reader.all(queries.moments(user_id, video_id))
        ordered = await asyncio.to_thread(_ordered, moments)
        yield writer.head()
        for start in range(0, len(ordered), PAGE_NOTES):
            notes = await self._load(user_id, ordered[start : start + PAGE_NOTES])
            yield "".join(writer.entry(note) for note in notes)
        yield writer.tail()

    async def _load(self, user_id: int, ids: Sequence[int]) -> list[Exported]:
        """Without those that have been deleted meanwhile."""
        async with self._database.read(snapshot=True) as reader:
            notes = {row.id: row for row in await reader.rows(NoteRow, queries.by_ids(user_id, ids))}
            about = {note.video_id for note in notes.values()}
            found = {row.id: row for row in await reader.rows(VideoRow, video_queries.by_ids([*about]))}
        return [Exported(notes[one], found[notes[one].video_id]) for one in ids if one in notes]


def _ordered(moments: Sequence[tuple[int, int, str]]) -> list[int]:
    """The notes of each video together, by their moments; the videos, and what has no moment, by age."""
    places: dict[int, int] = {}
    keys: dict[int, tuple[int, float]] = {}
    for note_id, video_id, timestamp in moments:
        seconds = parse_timestamp(timestamp)
        keys[note_id] = places.setdefault(video_id, len(places)), math.inf if seconds is None else seconds
    return sorted(keys, key=keys.__getitem__)


def _title(video: VideoRow | None) -> str:
    """Of the file, without what a name of a file may not have."""
    if video is None:
        return "VidWiz notes"
    title = UNFIT.sub("_", " ".join((video.display_title or video.youtube_id).split()))
    return f"Notes on {title[:LONGEST_TITLE].rstrip(' .')}"
