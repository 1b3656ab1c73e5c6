"""Users, what they sign in with, and their sign-in sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id


class User(Base):
    __tablename__ = "users"
    __table_args__ = (Index("uq_users_google_subject", "google_subject", unique=True), NEVER_REUSE_IDS)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    """Trimmed and lower-cased."""
    email_verified: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None]
    password_hash: Mapped[str | None]
    """Argon2id, or of a kind that an old system stored (see services.identity.passwords)."""
    google_subject: Mapped[str | None]
    """Google's name for the user, which never changes; an e-mail address may."""
    picture_url: Mapped[str | None]
    """The picture that Google told of, on a host of theirs."""
    avatar_key: Mapped[str | None]
    """In blob storage, the folder of the picture that the user uploaded."""
    ai_notes_enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Session(Base):
    """One sign-in on one device; revoking it ends its access and refresh tokens together."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id", "created_at", "id"), NEVER_REUSE_IDS)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    user_agent: Mapped[str | None]
    """What the client called itself at sign-in, cut to a length."""
    address: Mapped[str | None]
    """The client's at sign-in, as the throttle counts it."""
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime | None]
    """When its tokens were last renewed."""
    expires_at: Mapped[datetime | None]
    """However often it is renewed, it ends then; null for one of the first version, which ends by its tokens alone."""
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A single-use refresh token; only its SHA-256 is kept. A second use shows theft and revokes the session."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "session_id"), Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("sessions.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A user's long-term token; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]


class MailedToken(Base):
    """A single-use token that was sent to an e-mail address, which its use proves; only its SHA-256 is kept."""

    __tablename__ = "mailed_tokens"
    __table_args__ = (Index(None, "user_id", "purpose"), Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    email: Mapped[str]
    """Where it was sent: worth nothing once the user has another address."""
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]


class SpentCredential(Base):
    """A credential of somebody else's making that signs in once, by its SHA-256, until it expires by itself."""

    __tablename__ = "spent_credentials"
    __table_args__ = (Index(None, "expires_at"),)

    credential_hash: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class ProviderKey(Base):
    """A user's own key at a provider of models, encrypted."""

    __tablename__ = "provider_keys"
    __table_args__ = (Index(None, "sealed_by"),)

    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_by: Mapped[str]
    """The id of the secret key that it was encrypted under."""
    updated_at: Mapped[UpdatedAt]
