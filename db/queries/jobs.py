"""Statements about jobs and the files that they made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, case, delete, exists, func, insert, literal, select, update
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert, ReturningUpdate

from db import clock
from db.models.tables import Artifact, Job
from db.paging import Order
from db.types import AnySelect

LIVE = ("QUEUED", "RUNNING")


class JobRow(NamedTuple):
    id: int
    user_id: int
    kind: str
    status: str
    stage: str | None
    progress: float
    error_code: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ArtifactRow(NamedTuple):
    id: int
    job_id: int
    user_id: int
    stage: str | None
    name: str
    content_type: str
    size_bytes: int
    storage_key: str


class NewArtifact(NamedTuple):
    job_id: int
    name: str
    content_type: str
    size_bytes: int
    storage_key: str
    stage: str | None = None


COLUMNS = (
    Job.id,
    Job.user_id,
    Job.kind,
    Job.status,
    Job.stage,
    Job.progress,
    Job.error_code,
    Job.error_message,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
)
ARTIFACT_COLUMNS = (
    Artifact.id,
    Artifact.job_id,
    Job.user_id,
    Artifact.stage,
    Artifact.name,
    Artifact.content_type,
    Artifact.size_bytes,
    Artifact.storage_key,
)
NEWEST_FIRST = Order(columns=(Job.created_at, Job.id), descending=True)
IS_LIVE = Job.status.in_(LIVE)


def start(user_id: int, kind: str) -> ReturningInsert[int]:
    """A new job, unless a live one of the user has its kind: then no row. Exact only while the owner is locked."""
    nothing_live = ~exists().where(Job.user_id == user_id, Job.kind == kind, IS_LIVE)
    values = select(literal(user_id), literal(kind)).where(nothing_live)
    return insert(Job).from_select(["user_id", "kind"], values).returning(Job.id)


def live(user_id: int, kind: str) -> AnySelect:
    return of_user(user_id, kind, None).where(IS_LIVE).order_by(*NEWEST_FIRST.by()).limit(1)


def by_ids(user_id: int, ids: Collection[int]) -> AnySelect:
    return select(*COLUMNS).where(Job.user_id == user_id, Job.id.in_(ids))


def of_user(user_id: int, kind: str | None, status: str | None) -> AnySelect:
    return select(*COLUMNS).where(*_those(user_id, kind, status))


def count_of_user(user_id: int, kind: str | None, status: str | None) -> Select[int]:
    return select(func.count()).select_from(Job).where(*_those(user_id, kind, status))


def advance(job_id: int, stage: str | None, progress: float) -> ReturningUpdate[int]:
    """Say how far it is, unless it has ended: then no row. Progress never falls."""
    return (
        update(Job)
        .where(Job.id == job_id, IS_LIVE)
        .values(
            status="RUNNING",
            stage=stage,
            progress=case((Job.progress < progress, progress), else_=Job.progress),
            started_at=func.coalesce(Job.started_at, clock.now()),
        )
        .returning(Job.id)
    )


def end(job_id: int, status: str, error_code: str | None, error_message: str | None) -> ReturningUpdate[int]:
    """End it, unless it has ended: then no row."""
    values: dict[str, object] = {
        "status": status,
        "error_code": error_code,
        "error_message": error_message,
        "finished_at": clock.now(),
    }
    if status == "SUCCEEDED":
        values["progress"] = 1.0
    return update(Job).where(Job.id == job_id, IS_LIVE).values(values).returning(Job.id)


def artifacts_of(job_ids: Sequence[int]) -> AnySelect:
    return _artifacts().where(Artifact.job_id.in_(job_ids)).order_by(Artifact.id)


def artifacts_by_ids(user_id: int, ids: Collection[int]) -> AnySelect:
    return _artifacts().where(Job.user_id == user_id, Artifact.id.in_(ids))


def artifact(artifact_id: int) -> AnySelect:
    """Whoever's it is: for who has proved that the owner was given it."""
    return _artifacts().where(Artifact.id == artifact_id)


def add_artifact(artifact: NewArtifact) -> ReturningInsert[int]:
    return insert(Artifact).values(**artifact._asdict()).returning(Artifact.id)


def take_artifacts(user_id: int, kind: str) -> ReturningDelete[str]:
    """Delete what the user's jobs of a kind have made; answers the keys."""
    made = select(Job.id).where(Job.user_id == user_id, Job.kind == kind)
    return delete(Artifact).where(Artifact.job_id.in_(made)).returning(Artifact.storage_key)


def _artifacts() -> AnySelect:
    return select(*ARTIFACT_COLUMNS).join(Job, Job.id == Artifact.job_id)


def _those(user_id: int, kind: str | None, status: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [Job.user_id == user_id]
    if kind is not None:
        wanted.append(Job.kind == kind)
    if status is not None:
        wanted.append(Job.status == status)
    return wanted
