"""The audit log: read."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import ADMINS
from schema.types.audit import AuditEvent, AuditEventFilter, audit_events, listing_of
from schema.types.paging import DEFAULT_SIZE, After, Connection, First


@strawberry.type
class AuditQuery:
    @strawberry.field(
        description="Who signed in, what was done to accounts, and what operators did, the newest first. "
        "For operators; asking is itself put into the log.",
        extensions=[ADMINS],
    )
    async def audit_events(
        self,
        info: Info,
        filter: Annotated[AuditEventFilter | None, strawberry.argument(description="Which entries.")] = None,
        first: First = DEFAULT_SIZE,
        after: After = None,
    ) -> Connection[AuditEvent]:
        return await audit_events(info.context, listing_of(filter), first, after)
