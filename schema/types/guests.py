"""Guests: an id for one, and what becomes of their conversations."""

from typing import Annotated

import strawberry

from schema.types.errors import InvalidInput
from schema.types.users import User


@strawberry.type(description="A new guest.")
class GuestSessionCreateSuccess:
    guest_session_id: str = strawberry.field(
        description="To be sent as `X-Guest-Session-ID`, and kept: whoever has it is the guest."
    )


@strawberry.input(description="A guest whose conversations the user takes over.")
class GuestConversationsClaimInput:
    guest_session_id: str = strawberry.field(description="The id that was sent as `X-Guest-Session-ID`.")


@strawberry.type(description="The conversations are the user's, and the guest's no more.")
class GuestConversationsClaimSuccess:
    claimed_count: int = strawberry.field(description="How many they were; 0 when there were none, or none are left.")
    user: User = strawberry.field(description="The user, with the conversations.")


GuestSessionCreateResult = Annotated[
    GuestSessionCreateSuccess,
    strawberry.union("GuestSessionCreateResult", description="What became of `guestSessionCreate`."),
]
GuestConversationsClaimResult = Annotated[
    GuestConversationsClaimSuccess | InvalidInput,
    strawberry.union("GuestConversationsClaimResult", description="What became of `guestConversationsClaim`."),
]
