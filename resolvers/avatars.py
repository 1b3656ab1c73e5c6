"""Users' avatars: set, and removed."""

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import USERS
from schema.types.avatars import (
    AvatarRemoveResult,
    AvatarRemoveSuccess,
    AvatarSetInput,
    AvatarSetResult,
    AvatarSetSuccess,
)
from schema.types.costs import ONE_AN_OPERATION
from schema.types.nodes import required_row_id
from schema.types.users import User
from services.rates import Rate

PICTURES = Rate(5, 60)
"""Each is decoded by a process of its own, of which there are few."""


@strawberry.type
class AvatarMutation:
    @strawberry.mutation(
        description="Show an uploaded picture for the user, in place of the one before. While too many pictures are "
        "being read this is a TIMEOUT, and the upload can be used again.",
        extensions=[USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda _settings: PICTURES)},
    )
    async def avatar_set(self, info: Info, input: AvatarSetInput) -> AvatarSetResult:
        upload_id = required_row_id("Upload", input.upload_id)
        row = await info.context.services.avatars.set(info.context.viewer.signed_in_id, upload_id)
        return AvatarSetSuccess(user=User.from_row(row))

    @strawberry.mutation(
        description="Remove the picture that the user uploaded; without one nothing happens.", extensions=[USERS]
    )
    async def avatar_remove(self, info: Info) -> AvatarRemoveResult:
        row = await info.context.services.avatars.remove(info.context.viewer.signed_in_id)
        return AvatarRemoveSuccess(user=User.from_row(row))
