"""Who signed in, and what was done to accounts: a log for operators."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id
from db.types import type_of_id, type_of_json


class AuditEvent(Base):
    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "user_id", "created_at", "id"), NEVER_REUSE_IDS)

    id: Mapped[Id]
    kind: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="SET NULL"))
    """Whose account it is about; null when nobody's, or of an account that is gone."""
    address: Mapped[str | None]
    """Where it came from, as the throttle counts it; of an account that is gone, null."""
    details: Mapped[dict[str, object]] = mapped_column(type_of_json)
    """Never a secret, an e-mail address or a name."""
    created_at: Mapped[CreatedAt]
