"""Who is calling, and new accounts."""

import strawberry

from schema.context import Info
from schema.permissions import ANYBODY, OPEN, USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.sign_in import UserRegisterInput, UserRegisterResult, UserRegisterSuccess
from schema.types.users import User, UserUpdateInput, UserUpdateResult, UserUpdateSuccess, Viewer


@strawberry.type
class UserQuery:
    @strawberry.field(description="Who is calling.", extensions=[ANYBODY])
    async def viewer(self, info: Info) -> Viewer:
        return Viewer(kind=info.context.viewer.kind)


@strawberry.type
class UserMutation:
    @strawberry.mutation(
        description="Make an account and sign in. Throttled by address; an access token that is sent is not looked at.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def user_register(self, info: Info, input: UserRegisterInput) -> UserRegisterResult:
        signed_in = await info.context.services.sign_in.register(
            info.context.device, email=input.email, password=input.password, name=input.name
        )
        return UserRegisterSuccess.from_signed_in(signed_in)

    @strawberry.mutation(description="Change one's profile.", extensions=[USERS])
    async def user_update(self, info: Info, input: UserUpdateInput) -> UserUpdateResult:
        row = await info.context.services.users.update(info.context.viewer.signed_in_id, input.patch())
        return UserUpdateSuccess(user=User.from_row(row))
