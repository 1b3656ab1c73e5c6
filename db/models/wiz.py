"""Conversations with Wiz about a video, their messages, and the daily quota counters."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id, type_of_json


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (guest_hash IS NULL)", name="one_owner"),
        Index(None, "user_id", "created_at", "id"),
        Index(None, "guest_hash", "created_at", "id"),
        Index(None, "video_id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    guest_hash: Mapped[str | None]
    """SHA-256 of the guest session id, which is a credential."""
    title: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Message(Base):
    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "conversation_id", "created_at", "id"),
        Index(None, "reply_to_id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("conversations.id", ondelete="CASCADE"))
    role: Mapped[str]
    content: Mapped[str]
    """Of a reply: empty until it ends; what has streamed so far is in the event log."""
    status: Mapped[str]
    citations: Mapped[list[dict[str, object]]] = mapped_column(type_of_json, default=list)
    model: Mapped[str | None]
    error_code: Mapped[str | None]
    reply_to_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("messages.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class QuotaCounter(Base):
    """Messages sent by one owner on one UTC day."""

    __tablename__ = "quota_counters"

    owner: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]
