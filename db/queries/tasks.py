"""Statements of the task queue. The holder of a task proves itself by its lease token."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Update,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import Insert, ReturningInsert, ReturningUpdate

from db import clock
from db.engine import DialectName
from db.models.tables import Task
from db.models.tasks import LIVE
from db.outbox import NewTask
from db.paging import Order
from db.queries.dialects import insert_into
from db.types import AnySelect


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


def enqueue_many(dialect: DialectName) -> Insert:
    """As `enqueue`, to be run with a list of {kind, lane, key, payload, max_attempts, run_at}."""
    statement = insert_into(Task, dialect)
    return statement.on_conflict_do_nothing(index_elements=[Task.kind, Task.key], index_where=LIVE)


def time() -> Select[datetime]:
    """Now, as tasks are timed."""
    return select(clock.now())


class ClaimedRow(NamedTuple):
    id: int
    kind: str
    lane: str
    key: str
    payload: dict[str, object]
    attempt: int
    max_attempts: int
    cancel_requested: bool


class TaskRow(NamedTuple):
    id: int
    kind: str
    lane: str
    key: str
    status: str
    payload: dict[str, object]
    attempt: int
    max_attempts: int
    run_at: datetime
    worker: str | None
    cancel_requested: bool
    error: dict[str, object] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


COLUMNS = (
    Task.id,
    Task.kind,
    Task.lane,
    Task.key,
    Task.status,
    Task.payload,
    Task.attempt,
    Task.max_attempts,
    Task.run_at,
    Task.worker,
    Task.cancel_requested,
    Task.error,
    Task.created_at,
    Task.started_at,
    Task.finished_at,
)
NEWEST_FIRST = Order(columns=(Task.id,), descending=True)


def by_id(task_id: int) -> AnySelect:
    """A TaskRow."""
    return select(*COLUMNS).where(Task.id == task_id)


def under(task_id: int, lease_token: str) -> AnySelect:
    """The TaskRow of a task that was last claimed under this token, held or ended; no row when that was another."""
    return by_id(task_id).where(Task.lease_token == lease_token)


def matching(
    *, kinds: Collection[str] | None = None, other_than: Collection[str] = (), status: str | None = None
) -> ColumnElement[bool]:
    """`kinds` are the kinds that are wanted, `other_than` those that are not."""
    conditions: list[ColumnElement[bool]] = [Task.kind.not_in(sorted(other_than))] if other_than else []
    if kinds is not None:
        conditions.append(Task.kind.in_(sorted(kinds)))
    if status is not None:
        conditions.append(Task.status == status)
    return and_(true(), *conditions)


def listed(condition: ColumnElement[bool]) -> AnySelect:
    """TaskRows, still without their order."""
    return select(*COLUMNS).where(condition)


def count(condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Task).where(condition)


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


def extend_lease(task_id: int, lease_token: str, lease_seconds: float) -> ReturningUpdate[bool, datetime]:
    """Answers whether somebody asked for the task to stop, and when the lease now ends; no row when it is not held
    under this token.
    """
    return (
        update(Task)
        .where(*_held(task_id, lease_token))
        .values(run_at=clock.seconds_from_now(lease_seconds))
        .returning(Task.cancel_requested, Task.run_at)
    )


def lock(task_id: int, lease_token: str) -> Select[bool]:
    """Whether somebody asked for it to stop. The task stays held until the transaction ends; no row when it is not."""
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


def lock_about(kinds: Collection[str], video_id: int) -> Select[int, str]:
    """(id, status) of the live tasks of these kinds that name the video: nobody claims or ends one before the transaction
    ends. In one order, so that two writers never wait in a ring.
    """
    # SQLite keeps the kind of a JSON value, and finds no number equal to a text.
    named = cast(Task.payload["videoId"].as_string(), String)
    live = select(Task.id, Task.status).where(Task.kind.in_(sorted(kinds)), LIVE, named == str(video_id))
    return live.order_by(Task.id).with_for_update()


def ask_to_stop(task_ids: Collection[int]) -> Update:
    """The holders of running tasks."""
    return update(Task).where(Task.id.in_(sorted(task_ids)), Task.status == "RUNNING").values(cancel_requested=true())


def replay(task_id: int) -> Update:
    """Let a dead task begin anew; touches no row when it is not dead, or a live one has its kind and key.

    On Postgres, where such a one is being added at this moment, it breaks the index of live keys.
    """
    rival = aliased(Task)
    has_rival = exists().where(rival.kind == Task.kind, rival.key == Task.key, rival.status.in_(("PENDING", "RUNNING")))
    return (
        update(Task)
        .where(Task.id == task_id, Task.status == "DEAD", ~has_rival)
        .values(
            status="PENDING",
            attempt=0,
            run_at=clock.now(),
            lease_token=null(),
            worker=null(),
            cancel_requested=false(),
            error=null(),
            started_at=null(),
            finished_at=null(),
        )
    )


def live_kinds(key: str, kinds: Collection[str]) -> Select[str]:
    """Of those, the kinds that have a live task with this key."""
    return select(Task.kind).where(Task.kind.in_(sorted(kinds)), Task.key == key, LIVE)


def latest_payload(kind: str, key: str) -> Select[dict[str, object]]:
    """Of the task of this kind and key that was added last, however it ended."""
    return select(Task.payload).where(Task.kind == kind, Task.key == key).order_by(Task.id.desc()).limit(1)


def status_under(task_id: int, lease_token: str) -> Select[str]:
    """The status of a task that was last claimed under this token; no row when that was another."""
    return select(Task.status).where(Task.id == task_id, Task.lease_token == lease_token)


def _held(task_id: int, lease_token: str) -> tuple[ColumnElement[bool], ...]:
    return Task.id == task_id, Task.lease_token == lease_token, Task.status == "RUNNING"
