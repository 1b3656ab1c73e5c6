"""Statements of the task queue that belong to a business transaction."""

from sqlalchemy.sql.dml import ReturningInsert

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
