"""The audit log: who came in by which door, what was done to an account, and what operators did."""

from collections.abc import Mapping
from enum import StrEnum

from db.queries import audit as queries
from db.sessions import Transaction


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
