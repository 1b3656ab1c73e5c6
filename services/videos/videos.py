"""Videos: found by id or link, added and listed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement

from db.paging import Order, Page, PageRequest, cut, page_of
from db.queries import videos as queries
from db.queries.videos import ListedVideo, VideoPartRow, VideoRow
from db.sessions import Reader, Sessions, Transaction
from services import limits
from services.errors import NotFound
from services.validation import Checks
from services.videos import processing
from services.youtube.ids import UnusableLinkError, parse_video_id

SHORTEST_SEARCH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRef:
    """Exactly one of the two is given."""

    id: int | None = None
    """The row's id; None also for an id that cannot be read, which names nothing."""
    youtube: str | None = None
    """An id or a link, unchecked."""
    accept_playlist_links: bool = False
    """Whether a link to a video in a playlist counts as that video."""


class VideoRelation(StrEnum):
    NOTED = "NOTED"
    CHATTED = "CHATTED"
    ADDED = "ADDED"


class VideoOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    TITLE = "TITLE"


RELATED = {
    VideoRelation.NOTED: queries.noted_by,
    VideoRelation.CHATTED: queries.chatted_by,
    VideoRelation.ADDED: queries.added_by,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoListing:
    """Which of a user's videos, and in which order."""

    relation: VideoRelation = VideoRelation.NOTED
    query: str | None = None
    """Shorter than two characters is no filter."""
    field: VideoOrderField = VideoOrderField.CREATED_AT
    descending: bool = True

    @property
    def order(self) -> Order:
        if self.field is VideoOrderField.TITLE:
            return queries.by_title(descending=self.descending)
        return queries.by_age(descending=self.descending)

    def conditions(self, user_id: int) -> list[ColumnElement[bool]]:
        conditions = [RELATED[self.relation](user_id)]
        checks = Checks()
        query = checks.text(self.query or "", "filter", "query", minimum=0, maximum=limits.SEARCH_LENGTH)
        checks.finish()
        if len(query) >= SHORTEST_SEARCH:
            conditions.append(queries.titled_like(query))
        return conditions


class VideoService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def find(self, ref: VideoRef) -> VideoRow | None:
        """Raises InvalidInput for a link that names no video."""
        async with self._database.read() as reader:
            return await lookup(reader, ref, path="by")

    async def by_ids(self, ids: Sequence[int]) -> list[VideoRow | None]:
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(VideoRow, queries.by_ids(ids))}
        return [found.get(video_id) for video_id in ids]

    async def samples(self) -> list[VideoRow]:
        async with self._database.read() as reader:
            return await reader.rows(VideoRow, queries.samples())

    async def parts(self, video_ids: Sequence[int]) -> list[dict[str, VideoPartRow]]:
        """Per video, its parts by name."""
        async with self._database.read() as reader:
            rows = await reader.rows(VideoPartRow, queries.parts(video_ids))
        found: defaultdict[int, dict[str, VideoPartRow]] = defaultdict(dict)
        for row in rows:
            found[row.video_id][row.part] = row
        return [found[video_id] for video_id in video_ids]

    async def page_of_user(self, user_id: int, listing: VideoListing, request: PageRequest) -> Page[ListedVideo]:
        statement = queries.listed(listing.order, *listing.conditions(user_id))
        async with self._database.read() as reader:
            rows = await reader.rows(ListedVideo.from_columns, page_of(statement, listing.order, request))
        return cut(rows, request)

    async def count_of_user(self, user_id: int, listing: VideoListing) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_matching(*listing.conditions(user_id))) or 0

    async def add(self, user_id: int, ref: VideoRef, title: str | None) -> VideoRow:
        """Add the video to the user's, and schedule what is missing of it. Raises InvalidInput or NotFound."""
        checks = Checks()
        check_ref(checks, ref)
        title = checks.optional_text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            video = await ensure(tx, ref, title)
            await tx.execute(queries.remember_addition(user_id, video.id, tx.dialect))
            return video


def seconds_of(video: VideoRow | None) -> float | None:
    """How long the video is, by its metadata."""
    seconds = (video.details or {}).get("duration") if video else None
    return float(seconds) if isinstance(seconds, int | float) else None


def check_ref(checks: Checks, ref: VideoRef, path: str = "video") -> str:
    """The video's id on YouTube, when it is named by a link. Problems are collected, and "" answered."""
    if ref.youtube is None:
        return ""
    try:
        return parse_video_id(ref.youtube, accept_playlist_links=ref.accept_playlist_links)
    except UnusableLinkError as error:
        checks.add([path, "youtube"], error.code, error.message)
        return ""


async def lookup(reader: Reader, ref: VideoRef, *, path: str = "video") -> VideoRow | None:
    """`path` names the reference in the problem of a link that is none."""
    if ref.youtube is None:
        return None if ref.id is None else await reader.row(VideoRow, queries.by_ids([ref.id]))
    return await reader.row(VideoRow, queries.by_youtube_id(_youtube_id(ref, path)))


async def ensure(tx: Transaction, ref: VideoRef, title: str | None) -> VideoRow:
    """The video, made if it is named by a link and new; tasks are scheduled for what it lacks.

    The title is taken when it has none yet. Raises NotFound for an unknown id, InvalidInput for a link that names no
    video.
    """
    video = await make(tx, ref, title)
    if video.is_ready:
        return video
    if await processing.is_under_way(tx, video):
        # Others may come meanwhile, but no transcript: what waits for one must be stored when it does.
        return await tx.row(VideoRow, queries.hold(video.id)) or video
    video = await lock(tx, video)
    await processing.schedule(tx, video)
    return video


async def make(tx: Transaction, ref: VideoRef, title: str | None) -> VideoRow:
    """As `ensure`, without tasks."""
    video = await lookup(tx, ref) or await _put(tx, _new_youtube_id(ref), title)
    if video.title is None and title is not None:
        await tx.execute(queries.call(video.id, title))
        return await tx.row(VideoRow, queries.by_ids([video.id])) or video
    return video


async def lock(tx: Transaction, video: VideoRow) -> VideoRow:
    """Read again, and with all its parts: a task that ends at this moment must not be scheduled anew."""
    video = await tx.row(VideoRow, queries.lock(video.id)) or video
    for part in processing.Part:
        await tx.execute(queries.add_part(video.id, part, tx.dialect))
    return video


async def _put(tx: Transaction, youtube_id: str, title: str | None) -> VideoRow:
    await tx.execute(queries.add(youtube_id, title, tx.dialect))
    video = await tx.row(VideoRow, queries.by_youtube_id(youtube_id))
    if video is None:
        raise NotFound("Video not found.")
    return video


def _new_youtube_id(ref: VideoRef) -> str:
    if ref.youtube is None:
        raise NotFound("Video not found.")
    return _youtube_id(ref, "video")


def _youtube_id(ref: VideoRef, path: str) -> str:
    checks = Checks()
    youtube_id = check_ref(checks, ref, path)
    checks.finish()
    return youtube_id
