"""The audit log, as operators read it."""

from datetime import datetime
from functools import partial
from typing import Self

import strawberry

from db.queries.audit import AuditEventRow
from schema.context import Context
from schema.types.enums import describe
from schema.types.nodes import global_id, row_id
from schema.types.paging import Connection, page_request
from schema.types.scalars import JSON
from services.audit import AuditKind, AuditListing

NOBODY = 0
"""What no user has for an id."""

describe(
    AuditKind,
    name="AuditKind",
    description="What the audit log tells of.",
    values={
        "USER_REGISTERED": "An account was made.",
        "SIGNED_IN": "A session was begun, by any of the ways to sign in.",
        "SIGN_IN_FAILED": "Somebody was not let in.",
        "SESSION_REVOKED": "A session was ended before its time.",
        "REFRESH_TOKEN_REUSED": "A spent refresh token was sent again: somebody has a copy, and the session was ended.",
        "PASSWORD_CHANGED": "A user set another password, knowing the old one.",
        "PASSWORD_RESET_REQUESTED": "A mail was asked for by which to set another password.",
        "PASSWORD_RESET": "Another password was set by what such a mail held.",
        "EMAIL_VERIFIED": "An e-mail address was proved to be the user's.",
        "GOOGLE_LINKED": "An account can be signed in to with Google from now on.",
        "API_TOKEN_CREATED": "A long-term token was made.",
        "API_TOKEN_REVOKED": "A long-term token was revoked.",
        "PROVIDER_KEYS_CHANGED": "Keys at providers of models were set or removed.",
        "GUEST_CLAIMED": "A user took over the conversations of a guest.",
        "USER_EXPORTED": "A copy of all of an account's data was asked for.",
        "USER_DELETED": "An account was deleted.",
        "ADMIN_ACTED": "An operator used a field of this API.",
    },
)


@strawberry.type(description="An entry of the audit log.")
class AuditEvent:
    kind: AuditKind = strawberry.field(description="What happened.")
    user_id: strawberry.ID | None = strawberry.field(
        description="The global id of the user whose account it is about; null when it is nobody's, or is gone."
    )
    address: str | None = strawberry.field(
        description="The network address that it came from; null when it is not known, or the account is gone."
    )
    details: JSON = strawberry.field(description="More about it, by its kind: an object, without secrets or names.")
    created_at: datetime = strawberry.field(description="The timestamp at which it happened.")

    @classmethod
    def from_row(cls, row: AuditEventRow) -> Self:
        return cls(
            kind=AuditKind(row.kind),
            user_id=None if row.user_id is None else global_id("User", row.user_id),
            address=row.address,
            details=JSON(row.details),
            created_at=row.created_at,
        )


@strawberry.input(description="Which entries of the audit log. All that is given must hold.")
class AuditEventFilter:
    kinds: list[AuditKind] | None = strawberry.field(
        default=None, description="Those of one of these kinds, at most 100; of an empty list nothing is."
    )
    user_id: strawberry.ID | None = strawberry.field(default=None, description="Those about this user's account.")
    since: datetime | None = strawberry.field(default=None, description="Those from this timestamp on.")
    until: datetime | None = strawberry.field(default=None, description="Those before this timestamp.")


def listing_of(filter: AuditEventFilter | None) -> AuditListing:
    wanted = filter or AuditEventFilter()
    return AuditListing(
        kinds=wanted.kinds,
        user_id=None if wanted.user_id is None else row_id("User", wanted.user_id) or NOBODY,
        since=wanted.since,
        until=wanted.until,
    )


async def audit_events(
    context: Context, listing: AuditListing, first: int, after: str | None
) -> Connection[AuditEvent]:
    audit = context.services.audit
    return Connection[AuditEvent].of(
        await audit.page(listing, page_request(first, after)),
        node=AuditEvent.from_row,
        place=lambda row: (row.created_at, row.id),
        count=partial(audit.count, listing),
    )
