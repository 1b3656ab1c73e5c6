"""Statements of the documents that clients have registered."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, select, update
from sqlalchemy.sql.dml import Insert

from db import clock
from db.engine import DialectName
from db.models.tables import PersistedQuery
from db.queries.dialects import insert_into


class PersistedQueryRow(NamedTuple):
    text: str
    is_stale: bool


def find(sha256: str, stale_seconds: float) -> Select[str, bool]:
    """A PersistedQueryRow, stale when nobody has marked it as used for so long; or no row."""
    statement = select(PersistedQuery.text, _is_stale(stale_seconds).label("is_stale"))
    return statement.where(PersistedQuery.sha256 == sha256)


def mark_used(sha256: str, stale_seconds: float) -> Update:
    """Touches no row that another has marked meanwhile."""
    stale = update(PersistedQuery).where(PersistedQuery.sha256 == sha256, _is_stale(stale_seconds))
    return stale.values(last_used_at=clock.now())


def add(sha256: str, text: str, dialect: DialectName) -> Insert:
    """Nothing when it is there already."""
    new = insert_into(PersistedQuery, dialect).values(sha256=sha256, text=text, last_used_at=clock.now())
    return new.on_conflict_do_nothing(index_elements=[PersistedQuery.sha256])


def evict(kept: int) -> Delete:
    """Forget all but so many, those that were used last.

    One that somebody else is about to change stays for the next time: to wait for it could end in a deadlock.
    """
    newest_first = PersistedQuery.last_used_at.desc(), PersistedQuery.sha256.desc()
    surplus = select(PersistedQuery.sha256).order_by(*newest_first).offset(kept)
    # Locked apart from the counting, or Postgres would lock all those that the offset passes over, too.
    free = select(PersistedQuery.sha256).where(PersistedQuery.sha256.in_(surplus)).with_for_update(skip_locked=True)
    return delete(PersistedQuery).where(PersistedQuery.sha256.in_(free))


def _is_stale(seconds: float) -> ColumnElement[bool]:
    return PersistedQuery.last_used_at <= clock.seconds_from_now(-seconds)
