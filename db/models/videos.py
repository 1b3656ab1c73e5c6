"""Videos, how far each of their parts has come, their transcripts, and who added them."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id, type_of_json


class Video(Base):
    __tablename__ = "videos"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[Id]
    youtube_id: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str | None]
    """The first title a user gave; the one in the metadata is used when there is none."""
    details: Mapped[dict[str, object] | None] = mapped_column("metadata", type_of_json)
    transcript_available: Mapped[bool] = mapped_column(default=False)
    transcript_source: Mapped[str | None]
    """YOUTUBE, WORKER, USER or SAMPLE; null without a transcript, and for one that is older than this column."""
    summary: Mapped[str | None]
    suggested_questions: Mapped[list[str] | None] = mapped_column(type_of_json)
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class VideoPart(Base):
    """How the fetching of one part (METADATA, TRANSCRIPT, SUMMARY) stands."""

    __tablename__ = "video_parts"

    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    updated_at: Mapped[UpdatedAt]


class TranscriptSegment(Base):
    __tablename__ = "transcript_segments"

    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    start_seconds: Mapped[float]
    duration_seconds: Mapped[float]
    text: Mapped[str]
    words: Mapped[str | None]
    """As `search_words.between_spaces` makes them of the text."""


class TranscriptSubmission(Base):
    """Who brought the transcript of a video; there is none for one that was fetched."""

    __tablename__ = "transcript_submissions"
    __table_args__ = (Index(None, "user_id"),)

    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]


class VideoAddition(Base):
    """A user's own act of adding a video, apart from noting or chatting about it."""

    __tablename__ = "video_additions"
    __table_args__ = (Index(None, "video_id"),)

    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[CreatedAt]
