"""The task queue: work that outlives the request which asked for it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id
from db.types import type_of_json

LIVE = text("status IN ('PENDING', 'RUNNING')")


class Task(Base):
    __tablename__ = "tasks"
    __table_args__ = (
        Index("uq_tasks_live_key", "kind", "key", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_tasks_claimable", "lane", "run_at", "id", sqlite_where=LIVE, postgresql_where=LIVE),
        Index(None, "finished_at"),
        Index(None, "kind", "status", "id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    kind: Mapped[str]
    lane: Mapped[str]
    key: Mapped[str]
    """Idempotency key: of one kind and key at most one task is PENDING or RUNNING."""
    status: Mapped[str] = mapped_column(default="PENDING")
    """PENDING, RUNNING, SUCCEEDED, DEAD or CANCELLED."""
    payload: Mapped[dict[str, object]] = mapped_column(type_of_json)
    attempt: Mapped[int] = mapped_column(default=0)
    """Claims so far."""
    max_attempts: Mapped[int]
    run_at: Mapped[datetime]
    """Not before this time; of a running task, when its lease ends."""
    lease_token: Mapped[str | None]
    worker: Mapped[str | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error: Mapped[dict[str, object] | None] = mapped_column(type_of_json)
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
