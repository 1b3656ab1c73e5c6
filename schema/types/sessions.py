"""Sessions: the sign-ins of a user that still stand, their tokens, and their end."""

from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

from db.paging import PageRequest
from db.queries.sessions import SessionRow
from schema.context import Context
from schema.types.errors import NotFound
from schema.types.nodes import Node, global_id
from schema.types.paging import Connection
from services.identity.sessions import Tokens


@strawberry.type(description="A sign-in on one device that still stands. Only its user sees it.")
class Session(Node):
    user_agent: str | None = strawberry.field(
        description="What the client called itself at the sign-in, up to 200 characters; null if nothing."
    )
    is_current: bool = strawberry.field(description="Whether the access token that was sent is of this session.")
    created_at: datetime = strawberry.field(description="The timestamp of the sign-in.")
    last_used_at: datetime | None = strawberry.field(
        description="The timestamp at which its tokens were last renewed; null if they never were."
    )
    expires_at: datetime | None = strawberry.field(
        description="The timestamp at which it ends, however often it is renewed; null while that is not settled, "
        "which only old sessions know."
    )

    @classmethod
    def from_row(cls, row: SessionRow, context: Context) -> Self:
        return cls(
            id=global_id("Session", row.id),
            user_agent=row.user_agent,
            # Not the viewer's: whoever has just signed in may have sent credentials that are no good.
            is_current=row.id == context.device.session_id,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )


async def sessions_of_user(context: Context, user_id: int, request: PageRequest) -> Connection[Session]:
    sessions = context.services.sessions
    return Connection[Session].of(
        await sessions.page_of_user(user_id, request),
        node=lambda row: Session.from_row(row, context),
        place=lambda row: (row.created_at, row.id),
        count=partial(sessions.count_of_user, user_id),
    )


@strawberry.type(description="The tokens of a session.")
class AuthTokens:
    access_token: str = strawberry.field(description="To be sent as `Authorization: Bearer …`.")
    access_token_expires_at: datetime = strawberry.field(description="The timestamp at which it expires.")
    refresh_token: str = strawberry.field(
        description="Buys new tokens by `sessionRefresh`, once. A second use, unless it follows within seconds, ends the "
        "session."
    )
    refresh_token_expires_at: datetime = strawberry.field(description="The timestamp at which it expires.")

    @classmethod
    def from_tokens(cls, tokens: Tokens) -> Self:
        return cls(
            access_token=tokens.access.text,
            access_token_expires_at=tokens.access.expires_at,
            refresh_token=tokens.refresh_token,
            refresh_token_expires_at=tokens.refresh_token_expires_at,
        )


@strawberry.input(description="A session to end.")
class SessionRevokeInput:
    session_id: strawberry.ID | None = strawberry.field(
        default=None, description="The session; by default the one of the access token that is sent."
    )


@strawberry.type(description="The session has ended, and with it all its tokens, sockets and streams.")
class SessionRevokeSuccess:
    session: Session = strawberry.field(description="The session that ended.")


SessionRevokeResult = Annotated[
    SessionRevokeSuccess | NotFound,
    strawberry.union("SessionRevokeResult", description="What became of `sessionRevoke`."),
]


@strawberry.type(description="All sessions of the user have ended, the caller's, too.")
class SessionRevokeAllSuccess:
    ended_count: int = strawberry.field(description="How many sessions ended.")


SessionRevokeAllResult = Annotated[
    SessionRevokeAllSuccess,
    strawberry.union("SessionRevokeAllResult", description="What became of `sessionRevokeAll`."),
]
