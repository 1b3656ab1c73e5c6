"""Statements about notes that wait for the assistant, whoever wrote them."""

from collections.abc import Collection

from sqlalchemy import Select, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from db.models.tables import Note, User
from db.queries.ai_notes import IS_EMPTY, awaits
from db.queries.notes import COLUMNS
from db.types import AnySelect


def by_ids(ids: Collection[int]) -> AnySelect:
    """NoteRows of anybody: for what a task names."""
    return select(*COLUMNS).where(Note.id.in_(ids))


def on_video(video_id: int) -> AnySelect:
    """NoteRows that await the assistant, still without their order: those that a transcript would set off."""
    return select(*COLUMNS).join(User, User.id == Note.user_id).where(awaits(video_id))


def count_on_video(video_id: int) -> Select[int]:
    return select(func.count()).select_from(Note).join(User, User.id == Note.user_id).where(awaits(video_id))


def wait_again(note_id: int) -> ReturningUpdate[int, int]:
    """(user, video) of a note that failed to get its words, and now waits for them again; no row for any other."""
    return (
        update(Note)
        .where(Note.id == note_id, Note.ai_status == "FAILED", IS_EMPTY)
        .values(ai_status="PENDING")
        .returning(Note.user_id, Note.video_id)
    )
