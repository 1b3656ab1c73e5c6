"""Statements about users' own keys at providers of models."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Delete, Select, Update, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from db import clock
from db.engine import DialectName
from db.models.tables import ProviderKey
from db.queries.dialects import insert_into
from db.types import AnySelect


class SealedKeyRow(NamedTuple):
    user_id: int
    provider: str
    sealed: bytes
    sealed_by: str


COLUMNS = (ProviderKey.user_id, ProviderKey.provider, ProviderKey.sealed, ProviderKey.sealed_by)
PLACE = tuple_(ProviderKey.user_id, ProviderKey.provider)


def by_users(user_ids: Collection[int], providers: Collection[str]) -> AnySelect:
    return select(*COLUMNS).where(ProviderKey.user_id.in_(user_ids), ProviderKey.provider.in_(providers))


def put(row: SealedKeyRow, dialect: DialectName) -> postgresql.Insert | sqlite.Insert:
    """The user's only key at this provider, in place of the one before."""
    return (
        insert_into(ProviderKey, dialect)
        .values(**row._asdict())
        .on_conflict_do_update(
            index_elements=[ProviderKey.user_id, ProviderKey.provider],
            set_={"sealed": row.sealed, "sealed_by": row.sealed_by, "updated_at": clock.now()},
        )
    )


def remove(user_id: int, provider: str) -> Delete:
    return delete(ProviderKey).where(ProviderKey.user_id == user_id, ProviderKey.provider == provider)


def remove_all(user_id: int) -> Delete:
    return delete(ProviderKey).where(ProviderKey.user_id == user_id)


def sealed_by(key_ids: Collection[str], after: tuple[int, str], limit: int) -> AnySelect:
    """In the order of their users and providers, from the first after that place."""
    return (
        select(*COLUMNS)
        .where(ProviderKey.sealed_by.in_(key_ids), after < PLACE)
        .order_by(ProviderKey.user_id, ProviderKey.provider)
        .limit(limit)
    )


def replace(old: SealedKeyRow, new: SealedKeyRow) -> Update:
    """Unless its user has changed it meanwhile; for the user nothing changes, the time of the last change included."""
    return (
        update(ProviderKey)
        .where(
            ProviderKey.user_id == old.user_id,
            ProviderKey.provider == old.provider,
            ProviderKey.sealed == old.sealed,
        )
        .values(sealed=new.sealed, sealed_by=new.sealed_by, updated_at=ProviderKey.updated_at)
    )


def count_sealed_by_others(key_ids: Collection[str]) -> Select[int]:
    return select(func.count()).select_from(ProviderKey).where(ProviderKey.sealed_by.not_in(key_ids))
