"""Statements about the audit log."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Delete, Insert, Select, delete, func, insert, select, true

from db import clock
from db.models.tables import AuditEvent
from db.paging import Order
from db.types import AnySelect


class AuditEventRow(NamedTuple):
    id: int
    kind: str
    user_id: int | None
    address: str | None
    details: dict[str, object]
    created_at: datetime


COLUMNS = (
    AuditEvent.id,
    AuditEvent.kind,
    AuditEvent.user_id,
    AuditEvent.address,
    AuditEvent.details,
    AuditEvent.created_at,
)
NEWEST_FIRST = Order(columns=(AuditEvent.created_at, AuditEvent.id), descending=True)
SECONDS_A_DAY = 86_400


def record(kind: str, user_id: int | None, address: str | None, details: Mapping[str, object]) -> Insert:
    return insert(AuditEvent).values(kind=kind, user_id=user_id, address=address, details=dict(details))


def matching(
    *,
    kinds: Collection[str] | None,
    user_id: int | None,
    since: datetime | None,
    until: datetime | None,
) -> ColumnElement[bool]:
    """From `since` to before `until`; None for no condition."""
    found: ColumnElement[bool] = true()
    if kinds is not None:
        found &= AuditEvent.kind.in_(kinds)
    if user_id is not None:
        found &= AuditEvent.user_id == user_id
    if since is not None:
        found &= AuditEvent.created_at >= since
    if until is not None:
        found &= AuditEvent.created_at < until
    return found


def events(wanted: ColumnElement[bool]) -> AnySelect:
    return select(*COLUMNS).where(wanted)


def count(wanted: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(AuditEvent).where(wanted)


def purge(keep_days: float) -> Delete:
    """What is older."""
    return delete(AuditEvent).where(AuditEvent.created_at < clock.seconds_from_now(-keep_days * SECONDS_A_DAY))
