"""Counters of attempts, for the throttle."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Base


class AttemptCounter(Base):
    """Attempts counted under one key in its current window."""

    __tablename__ = "attempt_counters"
    __table_args__ = (Index(None, "resets_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    resets_at: Mapped[datetime]
