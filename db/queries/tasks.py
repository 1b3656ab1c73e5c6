"""Statements of the task queue. The holder of a task proves itself by its lease token."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, Update, case, false, null, select, true, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db import clock
from db.engine import DialectName
from db.models.tables import Task
from db.models.tasks import LIVE
from db.outbox import NewTask
from db.queries.dialects import insert_into


def enqueue(task: NewTask, dialect: DialectName) -> ReturningInsert[int]:
    """Answers the new task's id, or no row when a live one has its kind and key."""
    return (
        insert_into(Task, dialect)
        .values(
            kind=task.kind,
            lane=task.lane,
            key=task.key,
            payload=dict(task.payload),
            max_attempts=task.max_attempts,
            run_at=clock.seconds_from_now(task.delay_seconds) if task.delay_seconds else clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Task.kind, Task.key], index_where=LIVE)
        .returning(Task.id)
    )


class ClaimedRow(NamedTuple):
    id: int
    kind: str
    lane: str
    key: str
    payload: dict[str, object]
    attempt: int
    max_attempts: int
    cancel_requested: bool


def claim(
    *, lane: str, kinds: Collection[str], worker: str, lease_token: str, lease_seconds: float
) -> ReturningUpdate[int, str, str, str, dict[str, object], int, int, bool]:
    """Take the task that has waited longest for its time or outlived its lease; a ClaimedRow, or no row.

    `attempt` then counts this claim, and is above `max_attempts` when the last try's lease ran out.
    """
    waiting = aliased(Task)
    # The time as a subquery: Postgres evaluates a volatile function again for each row, and seeks no index with it.
    is_due = waiting.run_at <= select(clock.now()).scalar_subquery()
    oldest = (
        select(waiting.id)
        .where(waiting.lane == lane, waiting.kind.in_(sorted(kinds)), LIVE, is_due)
        .order_by(waiting.run_at, waiting.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(Task)
        .where(Task.id == oldest)
        .values(
            status="RUNNING",
            attempt=Task.attempt + 1,
            lease_token=lease_token,
            run_at=clock.seconds_from_now(lease_seconds),
            worker=worker,
            started_at=clock.now(),
        )
        .returning(
            Task.id,
            Task.kind,
            Task.lane,
            Task.key,
            Task.payload,
            Task.attempt,
            Task.max_attempts,
            Task.cancel_requested,
        )
    )


def extend_lease(task_id: int, lease_token: str, lease_seconds: float) -> ReturningUpdate[bool]:
    """Answers whether somebody asked for the task to stop; no row when it is not held under this token."""
    return (
        update(Task)
        .where(*_held(task_id, lease_token))
        .values(run_at=clock.seconds_from_now(lease_seconds))
        .returning(Task.cancel_requested)
    )


def lock(task_id: int, lease_token: str) -> Select[bool]:
    """As `extend_lease`, but only locks the row, so that the task stays held until the transaction ends."""
    return select(Task.cancel_requested).where(*_held(task_id, lease_token)).with_for_update()


def lock_running(task_ids: Collection[int]) -> Select[int, str | None, bool]:
    """(id, lease token, whether somebody asked for it to stop) of those that run.

    Locked in one order, so that two writers never wait in a ring.
    """
    running = select(Task.id, Task.lease_token, Task.cancel_requested).where(
        Task.id.in_(sorted(task_ids)), Task.status == "RUNNING"
    )
    return running.order_by(Task.id).with_for_update()


def succeed(task_id: int, lease_token: str) -> Update:
    """Touches no row when the task is not held under this token, or somebody asked for it to stop."""
    return (
        update(Task)
        .where(*_held(task_id, lease_token), Task.cancel_requested.is_(false()))
        .values(status="SUCCEEDED", finished_at=clock.now(), error=null())
    )


def end(
    task_id: int, lease_token: str, *, status: Literal["DEAD", "CANCELLED"], error: Mapping[str, object] | None
) -> Update:
    tries = case((Task.attempt > Task.max_attempts, Task.max_attempts), else_=Task.attempt)
    return (
        update(Task)
        .where(*_held(task_id, lease_token))
        .values(status=status, finished_at=clock.now(), error=error, attempt=tries)
    )


def retry(task_id: int, lease_token: str, *, delay_seconds: float, error: Mapping[str, object]) -> Update:
    return (
        update(Task)
        .where(*_held(task_id, lease_token))
        .values(status="PENDING", run_at=clock.seconds_from_now(delay_seconds), lease_token=null(), error=error)
    )


def release(task_id: int, lease_token: str) -> Update:
    """Undo a claim, as if the try had never begun."""
    return (
        update(Task)
        .where(*_held(task_id, lease_token))
        .values(
            status="PENDING",
            run_at=clock.now(),
            attempt=Task.attempt - 1,
            lease_token=null(),
            worker=null(),
            started_at=null(),
        )
    )


def request_cancel(kind: str, key: str) -> ReturningUpdate[str]:
    """Cancel the task if it waits, ask its holder to stop if it runs; answers the status it then has, or no row."""
    waits = Task.status == "PENDING"
    return (
        update(Task)
        .where(Task.kind == kind, Task.key == key, LIVE)
        .values(
            cancel_requested=true(),
            status=case((waits, "CANCELLED"), else_=Task.status),
            finished_at=case((waits, clock.now()), else_=Task.finished_at),
        )
        .returning(Task.status)
    )


def latest_payload(kind: str, key: str) -> Select[dict[str, object]]:
    """Of the task of this kind and key that was added last, however it ended."""
    return select(Task.payload).where(Task.kind == kind, Task.key == key).order_by(Task.id.desc()).limit(1)


def status_under(task_id: int, lease_token: str) -> Select[str]:
    """The status of a task that was last claimed under this token; no row when that was another."""
    return select(Task.status).where(Task.id == task_id, Task.lease_token == lease_token)


def _held(task_id: int, lease_token: str) -> tuple[ColumnElement[bool], ...]:
    return Task.id == task_id, Task.lease_token == lease_token, Task.status == "RUNNING"
