"""Statements about videos, their parts and their transcripts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, exists, func, insert, null, or_, select, update
from sqlalchemy.sql.dml import Insert

from db.engine import DialectName
from db.models.tables import (
    Conversation,
    Note,
    TranscriptSegment,
    TranscriptSubmission,
    Video,
    VideoAddition,
    VideoPart,
)
from db.paging import Order
from db.queries.dialects import insert_into
from db.types import AnySelect


class VideoRow(NamedTuple):
    id: int
    youtube_id: str
    title: str | None
    details: dict[str, object] | None
    transcript_available: bool
    summary: str | None
    suggested_questions: list[str] | None
    is_sample: bool
    created_at: datetime
    transcript_source: str | None = None

    @property
    def is_ready(self) -> bool:
        """An empty summary counts: there was nothing to say."""
        return self.details is not None and self.transcript_available and self.summary is not None

    @property
    def display_title(self) -> str | None:
        """What a user called it, else what it calls itself."""
        title = self.title or (self.details or {}).get("title")
        return title if isinstance(title, str) else None


class ListedVideo(NamedTuple):
    video: VideoRow
    place: tuple[object, ...]
    """Its sort values as the database has them: Python would put other letters into lower case."""

    @classmethod
    def from_columns(cls, *columns: object) -> Self:
        width = len(VideoRow._fields)
        return cls(VideoRow._make(columns[:width]), columns[width:])


class VideoPartRow(NamedTuple):
    video_id: int
    part: str
    state: str
    attempts: int
    error_code: str | None
    error_message: str | None
    updated_at: datetime


class SegmentRow(NamedTuple):
    video_id: int
    position: int
    start_seconds: float
    duration_seconds: float
    text: str


COLUMNS = (
    Video.id,
    Video.youtube_id,
    Video.title,
    Video.details,
    Video.transcript_available,
    Video.summary,
    Video.suggested_questions,
    Video.is_sample,
    Video.created_at,
    Video.transcript_source,
)
PART_COLUMNS = (
    VideoPart.video_id,
    VideoPart.part,
    VideoPart.state,
    VideoPart.attempts,
    VideoPart.error_code,
    VideoPart.error_message,
    VideoPart.updated_at,
)
SEGMENT_COLUMNS = (
    TranscriptSegment.video_id,
    TranscriptSegment.position,
    TranscriptSegment.start_seconds,
    TranscriptSegment.duration_seconds,
    TranscriptSegment.text,
)

# Where a user gave no title, the metadata's is shown, sorted by and searched.
DISPLAY_TITLE: ColumnElement[str] = func.coalesce(Video.title, Video.details["title"].as_string(), "")
SORT_TITLE_LENGTH = 200
SORT_TITLE: ColumnElement[str] = func.substr(func.lower(DISPLAY_TITLE), 1, SORT_TITLE_LENGTH)
"""Cut, since it goes into cursors."""


def by_age(*, descending: bool) -> Order:
    return Order(columns=(Video.created_at, Video.id), descending=descending)


def by_title(*, descending: bool) -> Order:
    return Order(columns=(SORT_TITLE, Video.id), descending=descending)


def by_ids(ids: Sequence[int]) -> AnySelect:
    return select(*COLUMNS).where(Video.id.in_(ids))


def lock(video_id: int) -> AnySelect:
    """The video, kept from other writers until the transaction ends."""
    return select(*COLUMNS).where(Video.id == video_id).with_for_update(key_share=True)


def hold(video_id: int) -> AnySelect:
    """The video, not to be locked by others until the transaction ends; so many may hold it at once."""
    return select(*COLUMNS).where(Video.id == video_id).with_for_update(read=True)


def by_youtube_id(youtube_id: str) -> AnySelect:
    return select(*COLUMNS).where(Video.youtube_id == youtube_id)


def samples() -> AnySelect:
    return select(*COLUMNS).where(Video.is_sample).order_by(Video.id)


def noted_by(user_id: int) -> ColumnElement[bool]:
    return exists().where(Note.video_id == Video.id, Note.user_id == user_id)


def chatted_by(user_id: int) -> ColumnElement[bool]:
    return exists().where(Conversation.video_id == Video.id, Conversation.user_id == user_id)


def added_by(user_id: int) -> ColumnElement[bool]:
    return exists().where(VideoAddition.video_id == Video.id, VideoAddition.user_id == user_id)


def titled_like(text: str) -> ColumnElement[bool]:
    """Case-insensitive substring of either title; % and _ mean themselves."""
    return or_(
        Video.title.icontains(text, autoescape=True),
        Video.details["title"].as_string().icontains(text, autoescape=True),
    )


def listed(order: Order, *conditions: ColumnElement[bool]) -> AnySelect:
    """ListedVideos, still without their order."""
    return select(*COLUMNS, *order.columns).where(*conditions)


def count_matching(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Video).where(*conditions)


def add(youtube_id: str, title: str | None, dialect: DialectName) -> Insert:
    """Add the video unless it is there."""
    statement = insert_into(Video, dialect).values(youtube_id=youtube_id, title=title)
    return statement.on_conflict_do_nothing(index_elements=[Video.youtube_id])


def call(video_id: int, title: str) -> Update:
    """The first title that a video is given stays."""
    return update(Video).where(Video.id == video_id, Video.title.is_(None)).values(title=title)


def add_part(video_id: int, part: str, dialect: DialectName) -> Insert:
    return (
        insert_into(VideoPart, dialect).values(video_id=video_id, part=part, state="PENDING").on_conflict_do_nothing()
    )


def remember_addition(user_id: int, video_id: int, dialect: DialectName) -> Insert:
    return insert_into(VideoAddition, dialect).values(user_id=user_id, video_id=video_id).on_conflict_do_nothing()


def parts(video_ids: Sequence[int]) -> AnySelect:
    return select(*PART_COLUMNS).where(VideoPart.video_id.in_(video_ids))


def count_parts(video_id: int) -> Select[int]:
    return select(func.count()).select_from(VideoPart).where(VideoPart.video_id == video_id)


def set_part(
    video_id: int, part: str, *, state: str, attempts: int, error_code: str | None = None, error: str | None = None
) -> Update:
    return (
        update(VideoPart)
        .where(VideoPart.video_id == video_id, VideoPart.part == part)
        .values(state=state, attempts=attempts, error_code=error_code, error_message=error)
    )


def set_details(video_id: int, details: Mapping[str, object]) -> Update:
    return update(Video).where(Video.id == video_id).values(details=dict(details))


def set_transcript(video_id: int, source: str) -> Update:
    return update(Video).where(Video.id == video_id).values(transcript_available=True, transcript_source=source)


def remember_submission(video_id: int, user_id: int) -> Insert:
    return insert(TranscriptSubmission).values(video_id=video_id, user_id=user_id)


def forget_submission(video_id: int) -> Delete:
    return delete(TranscriptSubmission).where(TranscriptSubmission.video_id == video_id)


def set_summary(video_id: int, summary: str, suggested_questions: Sequence[str] | None) -> Update:
    questions = None if suggested_questions is None else list(suggested_questions)
    return update(Video).where(Video.id == video_id).values(summary=summary, suggested_questions=questions)


def forget_summary(video_id: int) -> Update:
    return update(Video).where(Video.id == video_id).values(summary=null(), suggested_questions=null())


def remove_segments(video_id: int) -> Delete:
    return delete(TranscriptSegment).where(TranscriptSegment.video_id == video_id)


def add_segments() -> Insert:
    """To be run with a list of a SegmentRow's columns and `words`."""
    return insert(TranscriptSegment)


def segments(video_id: int) -> AnySelect:
    return select(*SEGMENT_COLUMNS).where(TranscriptSegment.video_id == video_id).order_by(TranscriptSegment.position)


def has_segments(video_id: int) -> Select[int]:
    return select(TranscriptSegment.position).where(TranscriptSegment.video_id == video_id).limit(1)
