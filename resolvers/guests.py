"""Guests: an id for a new one, and one who becomes a user."""

import strawberry

from schema.context import Info
from schema.permissions import OPEN, USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.guests import (
    GuestConversationsClaimInput,
    GuestConversationsClaimResult,
    GuestConversationsClaimSuccess,
    GuestSessionCreateResult,
    GuestSessionCreateSuccess,
)
from schema.types.users import User


@strawberry.type
class GuestMutation:
    @strawberry.mutation(
        description="The id of a new guest, for who would try Wiz without an account. Throttled by address; "
        "credentials that are sent are not looked at.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def guest_session_create(self, info: Info) -> GuestSessionCreateResult:
        return GuestSessionCreateSuccess(
            guest_session_id=await info.context.services.guests.create(info.context.device)
        )

    @strawberry.mutation(
        description="Take over the conversations that one had as a guest. Done twice, the second finds none. An answer "
        "that is being written goes on. Throttled by address, as signing in is.",
        extensions=[USERS],
        metadata=ONE_AN_OPERATION,
    )
    async def guest_conversations_claim(
        self, info: Info, input: GuestConversationsClaimInput
    ) -> GuestConversationsClaimResult:
        context = info.context
        count, row = await context.services.guests.claim(
            context.viewer.signed_in_id, context.device, input.guest_session_id
        )
        return GuestConversationsClaimSuccess(claimed_count=count, user=User.from_row(row))
