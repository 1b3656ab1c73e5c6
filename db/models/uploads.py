"""Files on their way in: each has a row before a byte of it arrives."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id
from db.types import type_of_id


class Upload(Base):
    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("state IN ('PENDING', 'CLAIMED')", name="state"),
        CheckConstraint("size_bytes >= 1", name="size_bytes"),
        Index(None, "user_id"),
        Index(None, "expires_at"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    """Null for one of the operator's."""
    purpose: Mapped[str]
    filename: Mapped[str]
    """As the client called it: shown, and never part of a path."""
    content_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(type_of_id)
    """As announced; what arrives must have this size."""
    storage_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="PENDING")
    """PENDING until it is used, then CLAIMED."""
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    """Until then the file may be sent; some time later an unclaimed one is swept."""


class BlobRemoval(Base):
    """A blob, or with a slash at its end a folder of them, that nothing refers to and that is to be removed.

    Also one that is still being made: its row goes in the transaction that first refers to it.
    """

    __tablename__ = "blob_removals"
    __table_args__ = (Index(None, "remove_at"),)

    storage_key: Mapped[str] = mapped_column(primary_key=True)
    remove_at: Mapped[datetime]
    """Not before then; a removal that began puts it off, for the next try."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Removals that began."""
