"""The audit log: who came in by which door, what was done to an account, and what operators did."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement

from db.paging import Page, PageRequest, cut, page_of
from db.queries import audit as queries
from db.queries.audit import AuditEventRow
from db.sessions import Sessions, Transaction
from services.errors import ProblemCode
from services.identity.devices import Device
from services.validation import Checks


class AuditKind(StrEnum):
    USER_REGISTERED = "USER_REGISTERED"
    SIGNED_IN = "SIGNED_IN"
    SIGN_IN_FAILED = "SIGN_IN_FAILED"
    SESSION_REVOKED = "SESSION_REVOKED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105  the name of a kind
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  the name of a kind
    PASSWORD_RESET_REQUESTED = "PASSWORD_RESET_REQUESTED"  # noqa: S105  the name of a kind
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  the name of a kind
    EMAIL_VERIFIED = "EMAIL_VERIFIED"
    GOOGLE_LINKED = "GOOGLE_LINKED"
    API_TOKEN_CREATED = "API_TOKEN_CREATED"  # noqa: S105  the name of a kind
    API_TOKEN_REVOKED = "API_TOKEN_REVOKED"  # noqa: S105  the name of a kind
    PROVIDER_KEYS_CHANGED = "PROVIDER_KEYS_CHANGED"
    GUEST_CLAIMED = "GUEST_CLAIMED"
    USER_EXPORTED = "USER_EXPORTED"
    USER_DELETED = "USER_DELETED"
    ADMIN_ACTED = "ADMIN_ACTED"


async def record(
    tx: Transaction,
    kind: AuditKind,
    *,
    user_id: int | None = None,
    address: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """In the transaction of what it tells of. Details hold no secret, no e-mail address and no name."""
    await tx.execute(queries.record(kind, user_id, address, details or {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditListing:
    """Which events are wanted; None for no condition."""

    kinds: Collection[AuditKind] | None = None
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Up to, and not including it."""


class AuditService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def page(self, listing: AuditListing, request: PageRequest) -> Page[AuditEventRow]:
        """Newest first. Raises InvalidInput."""
        statement = page_of(queries.events(_wanted(listing)), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(AuditEventRow, statement), request)

    async def count(self, listing: AuditListing) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count(_wanted(listing))) or 0

    async def record_admin(self, device: Device, field: str) -> None:
        """An operator is about to use a field of the API."""
        async with self._database.write() as tx:
            await record(tx, AuditKind.ADMIN_ACTED, address=device.address, details={"field": field})


def _wanted(listing: AuditListing) -> ColumnElement[bool]:
    """Raises InvalidInput."""
    checks = Checks()
    since, until = _moment(checks, listing.since, "since"), _moment(checks, listing.until, "until")
    checks.finish()
    kinds = None if listing.kinds is None else sorted(set(listing.kinds))
    return queries.matching(kinds=kinds, user_id=listing.user_id, since=since, until=until)


def _moment(checks: Checks, value: datetime | None, name: str) -> datetime | None:
    """In UTC; problems are collected."""
    if value is None:
        return None
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except OverflowError:
        pass  # before the year 1, or after 9999, there
    checks.add(["filter", name], ProblemCode.INVALID_FORMAT, f"{name.capitalize()} needs a date, a time and an offset.")
    return None
