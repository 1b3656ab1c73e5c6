"""Sessions: begun, renewed, and ended."""

import strawberry

from schema.context import Info
from schema.permissions import OPEN, USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.nodes import required_row_id
from schema.types.sessions import (
    Session,
    SessionRevokeAllResult,
    SessionRevokeAllSuccess,
    SessionRevokeInput,
    SessionRevokeResult,
    SessionRevokeSuccess,
)
from schema.types.sign_in import (
    SessionCreateInput,
    SessionCreateResult,
    SessionCreateSuccess,
    SessionRefreshInput,
    SessionRefreshResult,
    SessionRefreshSuccess,
)


@strawberry.type
class SessionMutation:
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

    @strawberry.mutation(
        description="Sign out: end one of the user's sessions. Its tokens, sockets and streams end within 5 seconds.",
        extensions=[USERS],
    )
    async def session_revoke(self, info: Info, input: SessionRevokeInput) -> SessionRevokeResult:
        viewer = info.context.viewer
        named = None if input.session_id is None else required_row_id("Session", input.session_id)
        row = await info.context.services.sessions.revoke(
            info.context.device, viewer.signed_in_id, named or viewer.current_session_id
        )
        return SessionRevokeSuccess(session=Session.from_row(row, info.context))

    @strawberry.mutation(
        description="Sign out everywhere: end all sessions of the user, the caller's, too.", extensions=[USERS]
    )
    async def session_revoke_all(self, info: Info) -> SessionRevokeAllResult:
        viewer = info.context.viewer
        ended = await info.context.services.sessions.revoke_all(info.context.device, viewer.signed_in_id)
        return SessionRevokeAllSuccess(ended_count=ended)
