"""Searching in what is one's own, and in the transcripts of the videos one has used."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.paging import Page, PageRequest, cut
from db.queries import notes as note_queries
from db.queries import search as queries
from db.queries import videos as video_queries
from db.queries import wiz as wiz_queries
from db.queries.notes import NoteRow
from db.queries.search import HitRow, Range
from db.queries.videos import VideoRow
from db.queries.wiz import ConversationRow, MessageRow
from db.search_query import Sought, seek
from db.sessions import Reader, Sessions
from services import limits
from services.errors import ProblemCode
from services.search.snippets import snippet
from services.validation import Checks
from services.videos.timestamps import parse_timestamp
from services.youtube.ids import watch_url

MOST_VIDEOS_NAMED = 1_000
"""Of a user with more, the index is asked for all entries with the words."""


class SearchScope(StrEnum):
    NOTES = "NOTES"
    TRANSCRIPTS = "TRANSCRIPTS"
    CHAT_LOGS = "CHAT_LOGS"
    CONVERSATIONS = "CONVERSATIONS"


# There are no chat logs yet.
OWN_KINDS: Mapping[SearchScope, Sequence[str]] = {
    SearchScope.NOTES: ("NOTE",),
    SearchScope.CONVERSATIONS: ("MESSAGE", "CONVERSATION"),
}

Found = NoteRow | MessageRow | ConversationRow | VideoRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    entry_id: int
    score: int
    snippet: str
    start_seconds: float | None
    jump_url: str | None
    found: Found
    """What the text is of; the video of a transcript."""


class SearchService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def page(self, user_id: int, query: str, scopes: Sequence[SearchScope], request: PageRequest) -> Page[Hit]:
        """The best hits first. Nothing for a text without a word. Raises InvalidInput."""
        sought = _checked(query, scopes)
        # A snapshot: what was found must still be there when it is fetched.
        async with self._database.read(snapshot=True) as reader:
            within = await _range(reader, user_id, scopes) if sought else None
            if within is None:
                return cut([], request)
            statement = queries.page_of_hits(sought, within, request, reader.dialect)
            page = cut(await reader.rows(HitRow, statement), request)
            found = await _fetch(reader, user_id, page.rows)
        # Texts are long: to look for the words in all of them would hold up everybody else.
        hits = await asyncio.to_thread(lambda: [_hit(row, found[_key(row)], sought) for row in page.rows])
        return Page(rows=hits, has_next=page.has_next, has_previous=page.has_previous)

    async def count(self, user_id: int, query: str, scopes: Sequence[SearchScope]) -> int:
        sought = _checked(query, scopes)
        async with self._database.read(snapshot=True) as reader:
            within = await _range(reader, user_id, scopes) if sought else None
            if within is None:
                return 0
            return await reader.scalar(queries.count_hits(sought, within, reader.dialect)) or 0


def _checked(query: str, scopes: Sequence[SearchScope]) -> Sought:
    checks = Checks()
    query = checks.text(query, "query", minimum=0, maximum=limits.SEARCH_LENGTH)
    if len(scopes) > len(SearchScope):
        checks.add(["in"], ProblemCode.TOO_LONG, f"At most {len(SearchScope)} scopes may be named.")
    checks.finish()
    return seek(query)


async def _range(reader: Reader, user_id: int, scopes: Sequence[SearchScope]) -> Range | None:
    """None when nothing can be found."""
    kinds = [kind for scope in dict.fromkeys(scopes) for kind in OWN_KINDS.get(scope, ())]
    if SearchScope.TRANSCRIPTS not in scopes:
        return Range(user_id, kinds, transcripts=False, video_ids=()) if kinds else None
    used = [row[0] for row in await reader.all(queries.some_used_videos(user_id, MOST_VIDEOS_NAMED + 1))]
    if not used and not kinds:
        return None
    return Range(user_id, kinds, transcripts=True, video_ids=used if len(used) <= MOST_VIDEOS_NAMED else None)


def _key(row: HitRow) -> tuple[str, int]:
    """The kind, and the id of what the text is of."""
    ids = {"NOTE": row.note_id, "MESSAGE": row.message_id, "CONVERSATION": row.conversation_id}
    return row.kind, ids.get(row.kind) or row.video_id


async def _fetch(reader: Reader, user_id: int, rows: Sequence[HitRow]) -> dict[tuple[str, int], Found]:
    """One statement a kind."""
    ids: dict[str, list[int]] = {}
    for kind, row_id in dict.fromkeys(_key(row) for row in rows):
        ids.setdefault(kind, []).append(row_id)
    owned = wiz_queries.owned_by(user_id, None)
    found: list[tuple[str, Found]] = []
    if notes := ids.get("NOTE"):
        found += [("NOTE", row) for row in await reader.rows(NoteRow, note_queries.by_ids(user_id, notes))]
    if messages := ids.get("MESSAGE"):
        statement = wiz_queries.messages_by_ids(owned, messages)
        found += [("MESSAGE", row) for row in await reader.rows(MessageRow, statement)]
    if conversations := ids.get("CONVERSATION"):
        statement = wiz_queries.conversations_by_ids(owned, conversations)
        found += [("CONVERSATION", row) for row in await reader.rows(ConversationRow, statement)]
    if videos := ids.get("TRANSCRIPT"):
        found += [("TRANSCRIPT", row) for row in await reader.rows(VideoRow, video_queries.by_ids(videos))]
    return {(kind, row.id): row for kind, row in found}


def _hit(row: HitRow, found: Found, sought: Sought) -> Hit:
    start_seconds = row.start_seconds if row.timestamp is None else parse_timestamp(row.timestamp)
    has_link = start_seconds is not None and not row.is_sample
    return Hit(
        entry_id=row.id,
        score=row.score,
        snippet=snippet(row.text, sought),
        start_seconds=start_seconds,
        jump_url=watch_url(row.youtube_id, start_seconds) if has_link else None,
        found=found,
    )
