"""Keeps the search index in step: to be called in the transaction that changes what can be found.

Nothing need be done when something is deleted: its entry goes with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import NamedTuple, Protocol

from db.queries import search_index as queries
from db.queries.search_index import NewEntry
from db.search_words import between_spaces, scope_word, split_words
from db.sessions import Transaction

STRETCH_CHARACTERS = 240
"""A stretch of a transcript ends with the segment that makes it so long: long enough to be found by several words."""
STRETCH_SECONDS = 60.0


class TimedText(Protocol):
    @property
    def start_seconds(self) -> float: ...

    @property
    def duration_seconds(self) -> float: ...

    @property
    def text(self) -> str: ...


class FoldedSegment(NamedTuple):
    """A segment of a transcript, ready to be stored."""

    start_seconds: float
    duration_seconds: float
    text: str
    words: str
    """With a space before and after each."""


def fold_transcript(segments: Iterable[TimedText]) -> list[FoldedSegment]:
    """Burns CPU for hours of speech in some scripts: to be called in a thread, and before a transaction."""
    return [
        FoldedSegment(one.start_seconds, one.duration_seconds, one.text, between_spaces(one.text)) for one in segments
    ]


async def index_note(
    tx: Transaction, note_id: int, *, user_id: int, video_id: int, text: str | None, created_at: datetime
) -> None:
    """Also after a change of its text."""
    await tx.execute(queries.remove_note(note_id))
    entry = _entry("NOTE", video_id, text or "", created_at)
    await _add(tx, _owned(entry, "n", user_id)._replace(note_id=note_id))


async def index_message(
    tx: Transaction,
    message_id: int,
    *,
    conversation_id: int,
    user_id: int | None,
    video_id: int,
    text: str,
    created_at: datetime,
) -> None:
    """`user_id` is None for a guest's. Of a reply: when it has ended."""
    await tx.execute(queries.remove_message(message_id))
    entry = _entry("MESSAGE", video_id, text, created_at)
    await _add(tx, _owned(entry, "c", user_id)._replace(conversation_id=conversation_id, message_id=message_id))


async def index_title(
    tx: Transaction,
    conversation_id: int,
    *,
    user_id: int | None,
    video_id: int,
    title: str | None,
    created_at: datetime,
) -> None:
    """Of a conversation; also after a change of it."""
    await tx.execute(queries.remove_title(conversation_id))
    entry = _entry("CONVERSATION", video_id, title or "", created_at)
    await _add(tx, _owned(entry, "c", user_id)._replace(conversation_id=conversation_id))


async def index_transcript(
    tx: Transaction, video_id: int, segments: Sequence[FoldedSegment], *, created_at: datetime
) -> None:
    """All of a video's segments, numbered from 0, which take the place of those that were there."""
    await tx.execute(queries.remove_transcript(video_id))
    await _add(tx, *_stretches(video_id, segments, created_at))


def _stretches(video_id: int, segments: Sequence[FoldedSegment], created_at: datetime) -> Iterator[NewEntry]:
    """Neighbouring segments together."""
    gathered: list[FoldedSegment] = []
    for position, segment in zip(count(), segments, strict=False):
        gathered.append(segment)
        is_long = sum(len(each.text) for each in gathered) >= STRETCH_CHARACTERS
        is_last = position == len(segments) - 1
        if is_long or is_last or segments[position + 1].start_seconds - gathered[0].start_seconds >= STRETCH_SECONDS:
            text, words = (
                " ".join(texts) for texts in zip(*((one.text, one.words.strip()) for one in gathered), strict=True)
            )
            entry = NewEntry("TRANSCRIPT", video_id, text, words.strip(), created_at)
            yield _scoped(entry, "v", video_id)._replace(
                start_seconds=gathered[0].start_seconds,
                first_position=position - len(gathered) + 1,
                last_position=position,
            )
            gathered = []


def _entry(kind: str, video_id: int, text: str, created_at: datetime) -> NewEntry:
    return NewEntry(kind, video_id, text, " ".join(split_words(text)), created_at)


def _owned(entry: NewEntry, letter: str, user_id: int | None) -> NewEntry:
    return entry if user_id is None else _scoped(entry, letter, user_id)._replace(user_id=user_id)


def _scoped(entry: NewEntry, letter: str, owner: int) -> NewEntry:
    return entry._replace(words=entry.words and f"{entry.words} {scope_word(letter, owner)}")


async def _add(tx: Transaction, *entries: NewEntry) -> None:
    """Those with a word in them."""
    await tx.execute(queries.add(), [entry._asdict() for entry in entries if entry.words])
