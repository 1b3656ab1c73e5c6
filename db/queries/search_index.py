"""Statements that keep the search index: each entry is removed and made anew when its text changes."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Delete, Update, delete, insert, literal, select, update
from sqlalchemy.sql.dml import Insert

from db.models.tables import Conversation, SearchEntry
from db.search_words import Words, scope_word


class NewEntry(NamedTuple):
    """`search_words.split_words` makes the words, with a space between, of the text; the last is its scope."""

    kind: str
    video_id: int
    text: str
    words: str
    created_at: datetime
    user_id: int | None = None
    note_id: int | None = None
    conversation_id: int | None = None
    message_id: int | None = None
    start_seconds: float | None = None
    first_position: int | None = None
    last_position: int | None = None


def add() -> Insert:
    """To be run with a list of NewEntry's columns."""
    return insert(SearchEntry)


def remove_note(note_id: int) -> Delete:
    return delete(SearchEntry).where(SearchEntry.note_id == note_id)


def remove_message(message_id: int) -> Delete:
    return delete(SearchEntry).where(SearchEntry.message_id == message_id)


def remove_title(conversation_id: int) -> Delete:
    return delete(SearchEntry).where(SearchEntry.conversation_id == conversation_id, SearchEntry.message_id.is_(None))


def remove_transcript(video_id: int) -> Delete:
    return delete(SearchEntry).where(SearchEntry.video_id == video_id, SearchEntry.kind == "TRANSCRIPT")


def claim(user_id: int) -> Update:
    """What belongs to conversations of the user becomes theirs, where it is nobody's yet."""
    own = select(Conversation.id).where(Conversation.user_id == user_id)
    return (
        update(SearchEntry)
        .where(SearchEntry.user_id.is_(None), SearchEntry.conversation_id.in_(own))
        .values(user_id=user_id, words=SearchEntry.words.op("||")(literal(f" {scope_word('c', user_id)}", Words())))
    )
