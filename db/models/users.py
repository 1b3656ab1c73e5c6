"""Users and their sign-in sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id


class User(Base):
    __tablename__ = "users"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    """Trimmed and lower-cased."""
    email_verified: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None]
    password_hash: Mapped[str | None]
    ai_notes_enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Session(Base):
    """One sign-in on one device; revoking it ends its access and refresh tokens together."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"), NEVER_REUSE_IDS)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A single-use refresh token; only its SHA-256 is kept. A second use shows theft and revokes the session."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "session_id"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("sessions.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
