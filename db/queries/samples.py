"""Statements that put the sample videos in place."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Delete, Select, Update, delete, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.dml import Insert, ReturningInsert

from db import clock
from db.engine import DialectName
from db.models.tables import TranscriptSegment, Video, VideoPart
from db.queries.dialects import insert_into

PARTS = ("METADATA", "TRANSCRIPT", "SUMMARY")


class SampleRow(NamedTuple):
    title: str | None
    details: dict[str, object] | None
    transcript_available: bool
    summary: str | None
    suggested_questions: list[str] | None
    is_sample: bool
    transcript_source: str | None


class SegmentRow(NamedTuple):
    position: int
    start_seconds: float
    duration_seconds: float
    text: str
    words: str | None


def claim(youtube_id: str, dialect: DialectName) -> ReturningInsert[int]:
    """Answers the video's id, which is new or was there; locks the video until the transaction ends."""
    statement = insert_into(Video, dialect).values(youtube_id=youtube_id)
    return statement.on_conflict_do_update(
        index_elements=[Video.youtube_id], set_={"youtube_id": statement.excluded.youtube_id}
    ).returning(Video.id)


def video(
    video_id: int,
) -> Select[str | None, dict[str, object] | None, bool, str | None, list[str] | None, bool, str | None]:
    """A SampleRow."""
    return select(
        Video.title,
        Video.details,
        Video.transcript_available,
        Video.summary,
        Video.suggested_questions,
        Video.is_sample,
        Video.transcript_source,
    ).where(Video.id == video_id)


def change(video_id: int, row: SampleRow) -> Update:
    values: Mapping[InstrumentedAttribute[object], object] = {
        getattr(Video, column): value for column, value in row._asdict().items()
    }
    return update(Video).where(Video.id == video_id).values(values)


def mark_ready(video_id: int, dialect: DialectName) -> Insert:
    """Touches only the parts that are not ready yet."""
    ready = {"state": "READY", "attempts": 0, "error_code": None, "error_message": None}
    statement = insert_into(VideoPart, dialect).values(
        [{"video_id": video_id, "part": part, **ready} for part in PARTS]
    )
    return statement.on_conflict_do_update(
        index_elements=[VideoPart.video_id, VideoPart.part],
        set_={**ready, "updated_at": clock.now()},
        where=or_(VideoPart.state != "READY", VideoPart.attempts != 0),
    )


def segments(video_id: int) -> Select[int, float, float, str, str | None]:
    """SegmentRows in their order."""
    return (
        select(
            TranscriptSegment.position,
            TranscriptSegment.start_seconds,
            TranscriptSegment.duration_seconds,
            TranscriptSegment.text,
            TranscriptSegment.words,
        )
        .where(TranscriptSegment.video_id == video_id)
        .order_by(TranscriptSegment.position)
    )


def remove_segments(video_id: int) -> Delete:
    return delete(TranscriptSegment).where(TranscriptSegment.video_id == video_id)


def add_segments() -> Insert:
    """To be run with a list of SegmentRow's columns and `video_id`."""
    return insert(TranscriptSegment)
