"""Statements about blobs that are to be removed."""

from collections.abc import Sequence

from sqlalchemy import Delete, delete, select, update
from sqlalchemy.sql.dml import Insert, ReturningUpdate

from db import clock
from db.engine import DialectName
from db.models.tables import BlobRemoval
from db.queries.dialects import insert_into


def remove_in(keys: Sequence[str], seconds: float, dialect: DialectName) -> Insert:
    """List them; one that is listed already is removed no later than so."""
    at = clock.seconds_from_now(seconds)
    new = insert_into(BlobRemoval, dialect).values(
        [{"storage_key": key, "remove_at": at, "attempts": 0} for key in keys]
    )
    return new.on_conflict_do_update(
        index_elements=[BlobRemoval.storage_key],
        set_={"remove_at": new.excluded.remove_at},
        where=BlobRemoval.remove_at > new.excluded.remove_at,
    )


def keep(keys: Sequence[str]) -> Delete:
    """Strike them off, but none whose removal has begun."""
    return delete(BlobRemoval).where(BlobRemoval.storage_key.in_(keys), BlobRemoval.attempts == 0)


def begin_due(most: int, wait_seconds: float) -> ReturningUpdate[str, int]:
    """The key and the attempt of those whose time has come. Nobody else begins one of them until the wait is over."""
    due = select(BlobRemoval.storage_key).where(BlobRemoval.remove_at <= clock.now())
    due = due.order_by(BlobRemoval.remove_at).limit(most).with_for_update(skip_locked=True)
    return (
        update(BlobRemoval)
        .where(BlobRemoval.storage_key.in_(due))
        .values(attempts=BlobRemoval.attempts + 1, remove_at=clock.seconds_from_now(wait_seconds))
        .returning(BlobRemoval.storage_key, BlobRemoval.attempts)
    )


def removed(key: str) -> Delete:
    """Not one that was listed anew while it was being removed."""
    return delete(BlobRemoval).where(BlobRemoval.storage_key == key, BlobRemoval.remove_at > clock.now())
