"""Statements of the attempt counters."""

from datetime import datetime

from sqlalchemy import Delete, case, delete
from sqlalchemy.sql.dml import ReturningInsert

from db import clock
from db.engine import DialectName
from db.models.tables import AttemptCounter
from db.queries.dialects import insert_into


def count(key: str, window_seconds: float, dialect: DialectName) -> ReturningInsert[int, datetime, datetime]:
    """One attempt more under the key: (attempts in this window, when it ends, the time now)."""
    over = AttemptCounter.resets_at <= clock.now()
    later = clock.seconds_from_now(window_seconds)
    return (
        insert_into(AttemptCounter, dialect)
        .values(key=key, attempts=1, resets_at=later)
        .on_conflict_do_update(
            index_elements=[AttemptCounter.key],
            set_={
                "attempts": case((over, 1), else_=AttemptCounter.attempts + 1),
                "resets_at": case((over, later), else_=AttemptCounter.resets_at),
            },
        )
        .returning(AttemptCounter.attempts, AttemptCounter.resets_at, clock.now())
    )


def purge() -> Delete:
    return delete(AttemptCounter).where(AttemptCounter.resets_at <= clock.now())
