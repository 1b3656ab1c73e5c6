"""A transcript in pages: all of it, what has certain words, and what is said around a moment."""

from collections.abc import Sequence
from typing import NamedTuple

from db.paging import Page, PageRequest, cut, group
from db.queries import transcripts as queries
from db.queries.transcripts import PlacedRow
from db.queries.videos import SegmentRow
from db.search_words import split_words
from db.sessions import Sessions
from services import limits
from services.validation import Checks


class SegmentRequest(NamedTuple):
    """Hashable, so that equal requests are answered together."""

    page: PageRequest
    words: tuple[str, ...] = ()
    """Folded; each must begin a word of the segment."""
    around_seconds: float | None = None
    """The page has what is said then in its middle. Does not count where the page comes after a cursor."""


def words_of(query: str | None) -> tuple[str, ...]:
    """Raises InvalidInput."""
    checks = Checks()
    text = checks.text(query or "", "query", minimum=0, maximum=limits.SEARCH_LENGTH)
    checks.finish()
    return tuple(dict.fromkeys(split_words(text)))


class SegmentPages:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def pages(self, video_ids: Sequence[int], request: SegmentRequest) -> list[Page[SegmentRow]]:
        """Per video."""
        if request.around_seconds is not None and request.page.after is None:
            return await self._pages_around(video_ids, request, request.around_seconds)
        async with self._database.read() as reader:
            rows = await reader.rows(SegmentRow, queries.pages(video_ids, request.words, request.page))
        return [cut(own, request.page) for own in group(video_ids, rows, lambda row: row.video_id)]

    async def counts(self, video_ids: Sequence[int], words: Sequence[str]) -> list[int]:
        async with self._database.read() as reader:
            found = dict(await reader.all(queries.count(video_ids, words)))
        return [found.get(video_id, 0) for video_id in video_ids]

    async def _pages_around(
        self, video_ids: Sequence[int], request: SegmentRequest, seconds: float
    ) -> list[Page[SegmentRow]]:
        size = request.page.size
        statement = queries.pages_around(video_ids, request.words, size, seconds)
        async with self._database.read() as reader:
            rows = await reader.rows(PlacedRow, statement)
        return [_page(own, size) for own in group(video_ids, rows, lambda row: row.video_id)]


def _page(rows: Sequence[PlacedRow], size: int) -> Page[SegmentRow]:
    return Page(
        rows=[row.segment for row in rows[:size]],
        has_next=len(rows) > size,
        has_previous=bool(rows) and rows[0].place > 1,
    )
