"""Statements about the notes that the assistant writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true, update
from sqlalchemy.sql.dml import ReturningUpdate

from db.models.tables import Note, TranscriptSegment, User, Video, VideoPart
from db.queries.notes import COLUMNS
from db.queries.videos import SEGMENT_COLUMNS
from db.types import AnySelect


class Conditions(NamedTuple):
    """What decides whether the assistant writes a note."""

    is_wanted: bool
    """By its owner, of all their empty notes."""
    has_transcript: bool
    transcript_state: str | None
    """Of the part of the video; none when it has not been asked for."""


class EmptyNote(NamedTuple):
    """A note without text."""

    id: int
    user_id: int
    video_id: int
    timestamp: str
    ai_status: str


class Written(NamedTuple):
    user_id: int
    video_id: int
    text: str | None
    created_at: datetime


class Changed(NamedTuple):
    id: int
    user_id: int
    video_id: int


IS_EMPTY: ColumnElement[bool] = or_(Note.text.is_(None), Note.text == "")
_WAITS = (Note.ai_status == "PENDING", IS_EMPTY)
# A note is inserted with one moment as both times, and nothing but an edit by its user leaves it with NONE later on.
_IS_UNTOUCHED = and_(Note.ai_status == "NONE", Note.updated_at == Note.created_at)
_MAY_BE_WRITTEN = and_(IS_EMPTY, or_(Note.ai_status.in_(("PENDING", "FAILED")), _IS_UNTOUCHED))


def awaits(video_id: int) -> ColumnElement[bool]:
    """Whether the assistant is to write a note on the video: it is empty, not because its user has emptied it, and they
    want such notes written. Beside users.
    """
    return and_(Note.video_id == video_id, _MAY_BE_WRITTEN, User.ai_notes_enabled)


def conditions(user_id: int, video_id: int) -> AnySelect:
    """Conditions."""
    return (
        select(User.ai_notes_enabled, Video.transcript_available, VideoPart.state)
        .select_from(User)
        .join(Video, Video.id == video_id)
        .outerjoin(VideoPart, (VideoPart.video_id == video_id) & (VideoPart.part == "TRANSCRIPT"))
        .where(User.id == user_id)
    )


def empty_notes(video_id: int) -> Select[int, int, int, str, str]:
    """EmptyNotes on the video that await the assistant, in the order that tasks are added.

    Their users cannot go until the transaction ends: what is added for one whose account is being deleted would stay.
    """
    return (
        select(Note.id, Note.user_id, Note.video_id, Note.timestamp, Note.ai_status)
        .join(User, User.id == Note.user_id)
        .where(awaits(video_id))
        .order_by(Note.id)
        .with_for_update(read=True, key_share=True, of=User)
    )


def waiting(note_id: int) -> Select[int, int, int, str, str]:
    """As an EmptyNote, while it waits for its text."""
    return select(Note.id, Note.user_id, Note.video_id, Note.timestamp, Note.ai_status).where(
        Note.id == note_id, *_WAITS
    )


def count_ahead(user_id: int) -> Select[int]:
    """The user's notes that are about to be written: those that do not wait for a transcript."""
    return (
        select(func.count())
        .select_from(Note)
        .join(Video, Video.id == Note.video_id)
        .where(Note.user_id == user_id, *_WAITS, Video.transcript_available)
    )


def set_status(note_id: int, status: str) -> ReturningUpdate[*tuple[Any, ...]]:
    """Answers the NoteRow."""
    return update(Note).where(Note.id == note_id).values(ai_status=status).returning(*COLUMNS)


def set_statuses(note_ids: Sequence[int], status: str) -> ReturningUpdate[int, int, int]:
    """Of those that still may be written and have another; answers each that has Changed."""
    return (
        update(Note)
        .where(Note.id.in_(note_ids), Note.ai_status != status, _MAY_BE_WRITTEN)
        .values(ai_status=status)
        .returning(Note.id, Note.user_id, Note.video_id)
    )


def ask_again(note_id: int, status: str) -> ReturningUpdate[*tuple[Any, ...]]:
    """For one without text that is not waited for, whoever emptied it; answers the NoteRow."""
    return (
        update(Note)
        .where(Note.id == note_id, IS_EMPTY, Note.ai_status.in_(("NONE", "FAILED")), Note.ai_status != status)
        .values(ai_status=status)
        .returning(*COLUMNS)
    )


def fail(note_id: int) -> ReturningUpdate[int, int, int]:
    """Changed when it still waited."""
    return (
        update(Note)
        .where(Note.id == note_id, *_WAITS)
        .values(ai_status="FAILED")
        .returning(Note.id, Note.user_id, Note.video_id)
    )


def fail_all(video_id: int) -> ReturningUpdate[int, int, int]:
    """As `fail`, for all notes on a video that has no transcript."""
    has_none = select(Video.id).where(Video.id == video_id, ~Video.transcript_available)
    return (
        update(Note)
        .where(Note.video_id.in_(has_none), *_WAITS)
        .values(ai_status="FAILED")
        .returning(Note.id, Note.user_id, Note.video_id)
    )


def write(note_id: int, text: str) -> ReturningUpdate[int, int, str | None, datetime]:
    """Answers what was Written; no row when it no longer waits, since its owner wrote it or deleted it."""
    return (
        update(Note)
        .where(Note.id == note_id, *_WAITS)
        .values(text=text, generated_by_ai=true(), ai_status="READY")
        .returning(Note.user_id, Note.video_id, Note.text, Note.created_at)
    )


def nearest_position(video_id: int, seconds: float, within: float) -> Select[int]:
    """Of the segment that is spoken in that second, the last of several, or else the nearest; no row when none is within
    so many.
    """
    start, end = TranscriptSegment.start_seconds, TranscriptSegment.start_seconds + TranscriptSegment.duration_seconds
    # Stamps have no fractions: what begins at 7:03.4 is marked as 7:03.
    distance: ColumnElement[float] = case(
        (start >= seconds + 1, start - seconds), (end < seconds, seconds - end), else_=0.0
    )
    return (
        select(TranscriptSegment.position)
        .where(TranscriptSegment.video_id == video_id, distance <= within)
        .order_by(distance, TranscriptSegment.position.desc())
        .limit(1)
    )


def segments_between(video_id: int, first: int, last: int) -> AnySelect:
    """SegmentRows at these positions, both included."""
    return (
        select(*SEGMENT_COLUMNS)
        .where(TranscriptSegment.video_id == video_id, TranscriptSegment.position.between(first, last))
        .order_by(TranscriptSegment.position)
    )
