"""Statements about notes that wait for the assistant, whoever wrote them."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from db.models.tables import Note, User
from db.queries.notes import COLUMNS
from db.types import AnySelect

IS_BLANK: ColumnElement[bool] = or_(Note.text.is_(None), func.trim(Note.text) == "")


def by_ids(ids: Collection[int]) -> AnySelect:
    """NoteRows of anybody: for what a task names."""
    return select(*COLUMNS).where(Note.id.in_(ids))


def on_video(video_id: int) -> AnySelect:
    """NoteRows without words whose users want the assistant's, still without their order."""
    return select(*COLUMNS).where(_awaits(video_id))


def count_on_video(video_id: int) -> Select[int]:
    return select(func.count()).select_from(Note).where(_awaits(video_id))


def wait_again(note_id: int) -> ReturningUpdate[int, int]:
    """(user, video) of a note that failed to get its words, and now waits for them again; no row for any other."""
    return (
        update(Note)
        .where(Note.id == note_id, Note.ai_status == "FAILED", IS_BLANK)
        .values(ai_status="PENDING")
        .returning(Note.user_id, Note.video_id)
    )


def _awaits(video_id: int) -> ColumnElement[bool]:
    wanting = select(User.id).where(User.id == Note.user_id, User.ai_notes_enabled).exists()
    return (Note.video_id == video_id) & IS_BLANK & wanting
