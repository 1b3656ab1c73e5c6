"""Statements that look things up in the search index."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Float,
    Integer,
    Select,
    and_,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from db.engine import DialectName
from db.models.tables import Conversation, Note, SearchEntry, Video, VideoAddition
from db.paging import Order, PageRequest, page_of
from db.search_query import Sought, written
from db.search_words import scope_word
from db.types import AnySelect

MILLION = 1_000_000
SATURATION = 1.2
USUAL_LENGTH = 240
"""Of the words of an entry, in characters: a constant, so that a score does not change with what else there is."""

_FTS5 = table("search_words", column("rowid", Integer), column("words"))


class Stretch(NamedTuple):
    first_position: int
    last_position: int
    text: str


class HitRow(NamedTuple):
    id: int
    score: int
    """Of a million at most about."""
    kind: str
    text: str
    video_id: int
    note_id: int | None
    conversation_id: int | None
    message_id: int | None
    start_seconds: float | None
    youtube_id: str
    is_sample: bool
    timestamp: str | None
    """Of a note."""


class Range(NamedTuple):
    """Where somebody may search."""

    user_id: int
    own_kinds: Sequence[str]
    transcripts: bool
    video_ids: Sequence[int] | None
    """Whose transcripts, to be led to by the index; None when they are too many to name."""


def used_videos(user_id: int) -> CompoundSelect[int]:
    """Noted, chatted about or added."""
    noted = select(Note.video_id).where(Note.user_id == user_id)
    chatted = select(Conversation.video_id).where(Conversation.user_id == user_id)
    added = select(VideoAddition.video_id).where(VideoAddition.user_id == user_id)
    return noted.union(chatted, added)


def some_used_videos(user_id: int, limit: int) -> Select[int]:
    used = used_videos(user_id).subquery()
    return select(used.c.video_id).limit(limit)


def page_of_hits(sought: Sought, within: Range, request: PageRequest, dialect: DialectName) -> AnySelect:
    """HitRows, the best first, the newest first of equal ones."""
    score = _score(sought, dialect).label("score")
    order = Order(columns=(score, SearchEntry.id), descending=True)
    page = page_of(_matching(select(SearchEntry.id, score), sought, within, dialect), order, request).subquery()
    columns = (
        SearchEntry.kind,
        SearchEntry.text,
        SearchEntry.video_id,
        SearchEntry.note_id,
        SearchEntry.conversation_id,
        SearchEntry.message_id,
        SearchEntry.start_seconds,
        Video.youtube_id,
        Video.is_sample,
        Note.timestamp,
    )
    return (
        select(page.c.id, page.c.score, *columns)
        .join(SearchEntry, SearchEntry.id == page.c.id)
        .join(Video, Video.id == SearchEntry.video_id)
        .outerjoin(Note, Note.id == SearchEntry.note_id)
        .order_by(page.c.score.desc(), page.c.id.desc())
    )


def count_hits(sought: Sought, within: Range, dialect: DialectName) -> AnySelect:
    return _matching(select(func.count(SearchEntry.id)), sought, within, dialect)


def _matching(statement: AnySelect, sought: Sought, within: Range, dialect: DialectName) -> AnySelect:
    """The words lead to the entries; whether they may be seen is then told by their columns alone."""
    query = written(sought, _scope_words(within), dialect)
    if dialect == "sqlite":
        statement = statement.select_from(_FTS5).join(SearchEntry, SearchEntry.id == _FTS5.c.rowid)
        matches: ColumnElement[bool] = _FTS5.c.words.bool_op("MATCH")(literal(query))
    else:
        matches = SearchEntry.words.bool_op("@@")(cast(query, TSQUERY))
    return statement.where(matches, _allowed(within))


def _scope_words(within: Range) -> list[str]:
    """None when there are too many: then all entries with the words are looked at."""
    if within.transcripts and within.video_ids is None:
        return []
    letters = {"NOTE": "n", "MESSAGE": "c", "CONVERSATION": "c"}
    own = {scope_word(letters[kind], within.user_id): None for kind in within.own_kinds}
    return [*own, *(scope_word("v", video_id) for video_id in (within.transcripts and within.video_ids) or ())]


def _allowed(within: Range) -> ColumnElement[bool]:
    own = and_(SearchEntry.user_id == within.user_id, SearchEntry.kind.in_(within.own_kinds))
    if not within.transcripts:
        return own
    used = SearchEntry.video_id.in_(used_videos(within.user_id))
    return or_(own, and_(SearchEntry.kind == "TRANSCRIPT", used))


def _score(sought: Sought, dialect: DialectName) -> ColumnElement[int]:
    """How often the words are in an entry, for its length; nothing of the other entries, or pages would shift."""
    if dialect == "postgresql":
        by_length = 1
        rank = func.ts_rank(SearchEntry.words, cast(written(sought, (), dialect), TSQUERY), by_length)
        return cast(rank * MILLION, BigInteger)
    # A space twice between the words, so that each word has one on each side for itself.
    words = literal(" ") + func.replace(SearchEntry.words, " ", "  ") + literal(" ")
    patterns = [f" {word} " for word in sorted(sought.words)]
    patterns += [f" {sought.beginning}"] if sought.beginning else []
    return cast(_sum(_weight(words, pattern) for pattern in patterns) * (MILLION / len(patterns)), BigInteger)


def _weight(words: ColumnElement[str], pattern: str) -> ColumnElement[Any]:
    """Between 0 and 1, as BM25 has it, without the rarity of the word."""
    found = (func.length(words) - func.length(func.replace(words, pattern, ""))) / len(pattern)
    damped = SATURATION * (0.25 + cast(func.length(SearchEntry.words), Float) * (0.75 / USUAL_LENGTH))
    return found / (found + damped)


def _sum(weights: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    return reduce(lambda total, weight: total + weight, weights)


def stretches(video_id: int) -> AnySelect:
    """A video's whole transcript, in order."""
    return (
        select(SearchEntry.first_position, SearchEntry.last_position, SearchEntry.text)
        .where(SearchEntry.video_id == video_id, SearchEntry.kind == "TRANSCRIPT")
        .order_by(SearchEntry.first_position)
    )
