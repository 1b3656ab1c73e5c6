"""Notes at a timestamp of a video."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id


class Note(Base):
    __tablename__ = "notes"
    __table_args__ = (
        Index(None, "user_id", "video_id", "created_at", "id"),
        Index(None, "user_id", "created_at", "id"),
        Index(None, "video_id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"))
    timestamp: Mapped[str]
    """As the client wrote it; it need not be a time that can be parsed."""
    text: Mapped[str | None]
    ai_status: Mapped[str] = mapped_column(default="NONE")
    generated_by_ai: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
