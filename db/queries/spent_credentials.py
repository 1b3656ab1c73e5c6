"""Statements about credentials that sign in once."""

from datetime import datetime

from sqlalchemy import Delete, delete
from sqlalchemy.sql.dml import ReturningInsert

from db import clock
from db.engine import DialectName
from db.models.tables import SpentCredential
from db.queries.dialects import insert_into

SKEW_SECONDS = 60 * 60
"""By how much the database's clock may be ahead of that of the server which says when a credential has expired."""


def spend(credential_hash: str, expires_at: datetime, dialect: DialectName) -> ReturningInsert[str]:
    """Of many at once exactly one gets an answer."""
    return (
        insert_into(SpentCredential, dialect)
        .values(credential_hash=credential_hash, expires_at=expires_at)
        .on_conflict_do_nothing(index_elements=[SpentCredential.credential_hash])
        .returning(SpentCredential.credential_hash)
    )


def purge() -> Delete:
    """Those that have long expired by themselves."""
    return delete(SpentCredential).where(SpentCredential.expires_at <= clock.seconds_from_now(-SKEW_SECONDS))
