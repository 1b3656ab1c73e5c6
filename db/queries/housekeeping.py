"""Statements that delete what was kept long enough, where no part does so itself, and the bound for all of them."""

from sqlalchemy import Delete, delete, select, tuple_

from db import clock
from db.models.tables import QuotaCounter, Task


def purge_tasks(keep_seconds: float) -> Delete:
    """Tasks that ended so long ago."""
    return delete(Task).where(Task.finished_at < clock.seconds_from_now(-keep_seconds))


def purge_quotas(before_day: str) -> Delete:
    return delete(QuotaCounter).where(QuotaCounter.day < before_day)


def bounded(purge: Delete, rows: int) -> Delete:
    """So many of the rows at most, and none that somebody else has locked: the next time will do for those."""
    key = [*purge.table.primary_key]
    some = select(*key).limit(rows).with_for_update(skip_locked=True)
    if purge.whereclause is not None:
        some = some.where(purge.whereclause)
    return delete(purge.table).where(tuple_(*key).in_(some))
