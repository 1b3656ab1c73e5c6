"""Statements about notes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Delete, Select, delete, func, insert, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from db import clock
from db.models.tables import Note
from db.paging import Order, PageRequest, pages_by
from db.types import AnyReturning, AnySelect


class NoteRow(NamedTuple):
    id: int
    video_id: int
    timestamp: str
    text: str | None
    ai_status: str
    generated_by_ai: bool
    created_at: datetime
    updated_at: datetime


COLUMNS = (
    Note.id,
    Note.video_id,
    Note.timestamp,
    Note.text,
    Note.ai_status,
    Note.generated_by_ai,
    Note.created_at,
    Note.updated_at,
)
OLDEST_FIRST = Order(columns=(Note.created_at, Note.id))
NEWEST_FIRST = Order(columns=(Note.created_at, Note.id), descending=True)


def by_ids(user_id: int, ids: Sequence[int]) -> AnySelect:
    return select(*COLUMNS).where(Note.user_id == user_id, Note.id.in_(ids))


def of_user(user_id: int) -> AnySelect:
    return select(*COLUMNS).where(Note.user_id == user_id)


def count_of_user(user_id: int) -> Select[int]:
    return select(func.count()).select_from(Note).where(Note.user_id == user_id)


def pages_by_video(user_id: int, video_ids: Sequence[int], request: PageRequest) -> AnySelect:
    """The user's notes on each of the videos, oldest first."""
    statement = of_user(user_id).where(Note.video_id.in_(video_ids))
    return pages_by(Note.video_id, statement, OLDEST_FIRST, request)


def count_by_video(user_id: int, video_ids: Sequence[int]) -> Select[int, int]:
    return (
        select(Note.video_id, func.count())
        .where(Note.user_id == user_id, Note.video_id.in_(video_ids))
        .group_by(Note.video_id)
    )


def add(user_id: int, video_id: int, timestamp: str, text: str | None) -> AnyReturning:
    """Taken and changed at one moment, which the clock of Postgres would not tell twice."""
    moment = select(select(clock.now().label("now")).cte("moment").c.now).scalar_subquery()
    values = {"user_id": user_id, "video_id": video_id, "timestamp": timestamp, "text": text}
    return insert(Note).values(**values, created_at=moment, updated_at=moment).returning(*COLUMNS)


def set_text(user_id: int, note_id: int, text: str | None) -> ReturningUpdate[*tuple[Any, ...]]:
    """The user's own words in place of what is there; nothing when it says so already."""
    return (
        update(Note)
        .where(Note.id == note_id, Note.user_id == user_id, Note.text.is_distinct_from(text))
        .values(text=text, ai_status="NONE", generated_by_ai=False)
        .returning(*COLUMNS)
    )


def remove(user_id: int, note_id: int) -> Delete:
    return delete(Note).where(Note.id == note_id, Note.user_id == user_id)


def moments(user_id: int, video_id: int | None) -> Select[int, int, str]:
    """(id, video, timestamp) of all the user's notes, or of those on one video, the oldest first."""
    statement = select(Note.id, Note.video_id, Note.timestamp).where(Note.user_id == user_id)
    if video_id is not None:
        statement = statement.where(Note.video_id == video_id)
    return statement.order_by(Note.created_at, Note.id)
