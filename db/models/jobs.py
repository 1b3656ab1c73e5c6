"""Long work that somebody asked for and may watch; each is done by a task."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id, UpdatedAt
from db.types import type_of_id, type_of_json


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED')", name="status"
        ),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
        Index(None, "user_id", "created_at", "id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="QUEUED")
    """QUEUED, RUNNING, SUCCEEDED, FAILED, TIMED_OUT or CANCELLED; the last four are for good."""
    stage: Mapped[str | None]
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    """From 0 to 1; never falls."""
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Artifact(Base):
    """A file that a job made."""

    __tablename__ = "artifacts"
    __table_args__ = (Index(None, "job_id"), NEVER_REUSE_IDS)

    id: Mapped[Id]
    job_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("jobs.id", ondelete="CASCADE"))
    stage: Mapped[str | None]
    name: Mapped[str]
    """What a browser is to call it when it is saved."""
    content_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(type_of_id)
    storage_key: Mapped[str] = mapped_column(unique=True)
    details: Mapped[dict[str, object]] = mapped_column(type_of_json, default=dict)
    created_at: Mapped[CreatedAt]
