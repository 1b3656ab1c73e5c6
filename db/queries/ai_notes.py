"""Statements about the notes that the assistant writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, or_, select, true, update
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


_IS_EMPTY = or_(Note.text.is_(None), Note.text == "")
_WAITS = (Note.ai_status == "PENDING", _IS_EMPTY)


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
    """EmptyNotes on the video whose owners want them written, in the order that tasks are added."""
    return (
        select(Note.id, Note.user_id, Note.video_id, Note.timestamp, Note.ai_status)
        .join(User, User.id == Note.user_id)
        .where(Note.video_id == video_id, _IS_EMPTY, User.ai_notes_enabled)
        .order_by(Note.id)
    )


def waiting(note_id: int) -> Select[int, int, int, str, str]:
    """As an EmptyNote, while it waits for its text."""
    return select(Note.id, Note.user_id, Note.video_id, Note.timestamp, Note.ai_status).where(
        Note.id == note_id, *_WAITS
    )


def set_status(note_id: int, status: str) -> ReturningUpdate[*tuple[Any, ...]]:
    """Answers the NoteRow."""
    return update(Note).where(Note.id == note_id).values(ai_status=status).returning(*COLUMNS)


def set_statuses(note_ids: Sequence[int], status: str) -> ReturningUpdate[int, int, int]:
    """Of those that are still empty and have another; answers each that has Changed."""
    return (
        update(Note)
        .where(Note.id.in_(note_ids), Note.ai_status != status, _IS_EMPTY)
        .values(ai_status=status)
        .returning(Note.id, Note.user_id, Note.video_id)
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
