"""Statements of the circuit breakers. A service without a row has not failed since it last answered."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Delete, Select, Update, case, delete, null, select, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db import clock
from db.engine import DialectName
from db.models.breakers import CircuitBreaker
from db.queries.dialects import insert_into


class BreakerRow(NamedTuple):
    failures: int
    open_until: datetime | None
    is_open: bool | None
    """None while it is closed; false once somebody may try again."""


def breaker(name: str) -> Select[int, datetime | None, bool]:
    """A BreakerRow, or no row."""
    is_open = CircuitBreaker.open_until > clock.now()
    return select(CircuitBreaker.failures, CircuitBreaker.open_until, is_open).where(CircuitBreaker.name == name)


def count_failure(name: str, *, most: int, pause_seconds: float, dialect: DialectName) -> ReturningInsert[int]:
    """One failure more; from `most` in a row on it is open. Answers how many there have been."""
    until = clock.seconds_from_now(pause_seconds)
    return (
        insert_into(CircuitBreaker, dialect)
        .values(name=name, failures=1, open_until=until if most <= 1 else null())
        .on_conflict_do_update(
            index_elements=[CircuitBreaker.name],
            set_={
                "failures": CircuitBreaker.failures + 1,
                "open_until": case((CircuitBreaker.failures + 1 >= most, until), else_=CircuitBreaker.open_until),
            },
        )
        .returning(CircuitBreaker.failures)
    )


def take_probe(name: str, pause_seconds: float) -> ReturningUpdate[datetime | None]:
    """A row for the first who tries again after the pause, and for nobody else until another has passed: its end."""
    return (
        update(CircuitBreaker)
        .where(CircuitBreaker.name == name, CircuitBreaker.open_until <= clock.now())
        .values(open_until=clock.seconds_from_now(pause_seconds))
        .returning(CircuitBreaker.open_until)
    )


def leave_probe(name: str, open_until: datetime) -> Update:
    """Another may try at once, unless one does already: the pause has another end by then."""
    return (
        update(CircuitBreaker)
        .where(CircuitBreaker.name == name, CircuitBreaker.open_until == open_until)
        .values(open_until=clock.now())
    )


def close(name: str) -> Delete:
    return delete(CircuitBreaker).where(CircuitBreaker.name == name)
