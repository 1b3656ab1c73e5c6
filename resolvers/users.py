"""Who is calling, and signing in."""

import strawberry

from schema.context import Info
from schema.permissions import ANYBODY, OPEN
from schema.types.costs import ONE_AN_OPERATION
from schema.types.users import (
    SessionCreateInput,
    SessionCreateResult,
    SessionCreateSuccess,
    SessionRefreshInput,
    SessionRefreshResult,
    SessionRefreshSuccess,
    UserRegisterInput,
    UserRegisterResult,
    UserRegisterSuccess,
    Viewer,
)


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

    @strawberry.mutation(
        description="Sign in by password. Throttled by address; an access token that is sent is not looked at.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def session_create(self, info: Info, input: SessionCreateInput) -> SessionCreateResult:
        signed_in = await info.context.services.sign_in.by_password(
            info.context.device, email=input.email, password=input.password
        )
        return SessionCreateSuccess.from_signed_in(signed_in)

    @strawberry.mutation(
        description="Exchange a refresh token for new tokens. Throttled by address; no access token is needed.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def session_refresh(self, info: Info, input: SessionRefreshInput) -> SessionRefreshResult:
        signed_in = await info.context.services.sign_in.by_refresh_token(info.context.device, input.refresh_token)
        return SessionRefreshSuccess.from_signed_in(signed_in)
