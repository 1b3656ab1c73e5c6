"""Users and callers: who is signed in, what is theirs, and how they sign in."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from db.queries.users import UserRow
from schema.context import Info
from schema.types.enums import describe
from schema.types.errors import EmailTaken, InvalidCredentials, InvalidInput, InvalidRefreshToken
from schema.types.nodes import Node, global_id
from schema.types.notes import Note, notes_of_user
from schema.types.paging import DEFAULT_SIZE, After, Connection, First, page_request
from schema.types.videos import Video, VideoFilter, VideoOrder, listing_of, videos_of_user
from schema.types.wiz import Conversation, WizQuota, conversations_of_owner
from services.identity.sessions import SignedIn, Tokens
from services.identity.viewers import Owner, ViewerKind

describe(
    ViewerKind,
    name="ViewerKind",
    description="What kind of caller one is.",
    values={
        "ANONYMOUS": "Nobody: no credentials were sent.",
        "GUEST": "Somebody with a guest session id.",
        "USER": "A signed-in user.",
        "API_TOKEN": "A program with a user's long-term token.",
        "ADMIN": "An operator or a worker with the admin token.",
    },
)


@strawberry.type(description="A user. Only the user sees it.")
class User(Node):
    row: strawberry.Private[UserRow]
    email: str = strawberry.field(description="The e-mail address, in lower case.")
    email_verified: bool = strawberry.field(description="Whether the address was proved to be the user's.")
    name: str | None = strawberry.field(description="What the user wants to be called.")
    has_password: bool = strawberry.field(description="Whether the user can sign in by password.")
    ai_notes_enabled: bool = strawberry.field(description="Whether the assistant may write the text of empty notes.")
    created_at: datetime = strawberry.field(description="The timestamp of the registration.")

    @classmethod
    def from_row(cls, row: UserRow) -> Self:
        return cls(
            row=row,
            id=global_id("User", row.id),
            email=row.email,
            email_verified=row.email_verified,
            name=row.name,
            has_password=row.has_password,
            ai_notes_enabled=row.ai_notes_enabled,
            created_at=row.created_at,
        )

    @strawberry.field(
        description="The videos tied to the user, each once; by default those with a note, the newest first."
    )
    async def videos(
        self,
        info: Info,
        filter: Annotated[VideoFilter | None, strawberry.argument(description="Which videos.")] = None,
        order_by: Annotated[VideoOrder | None, strawberry.argument(description="Their order.")] = None,
        first: First = DEFAULT_SIZE,
        after: After = None,
    ) -> Connection[Video]:
        return await videos_of_user(info.context, self.row.id, listing_of(filter, order_by), first, after)

    @strawberry.field(description="The user's notes, the newest first.")
    async def notes(self, info: Info, first: First = DEFAULT_SIZE, after: After = None) -> Connection[Note]:
        return await notes_of_user(info.context, self.row.id, page_request(first, after))

    @strawberry.field(description="The user's conversations, the newest first.")
    async def conversations(
        self, info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> Connection[Conversation]:
        # The user's, and not the caller's: whoever has just signed in is not the caller yet.
        owner = Owner(user_id=self.row.id)
        return await conversations_of_owner(info.context, owner, page_request(first, after))


@strawberry.type(description="Who is calling.")
class Viewer:
    kind: ViewerKind = strawberry.field(description="What kind of caller it is.")

    @strawberry.field(description="The signed-in user; null for other callers.")
    async def user(self, info: Info) -> User | None:
        user_id = info.context.viewer.user_id
        row = None if user_id is None else await info.context.services.users.get(user_id)
        return None if row is None else User.from_row(row)

    @strawberry.field(description="Messages to Wiz that the caller may still send today; null for nobody.")
    async def wiz_quota(self, info: Info) -> WizQuota | None:
        if self.kind not in {ViewerKind.GUEST, ViewerKind.USER}:
            return None
        return WizQuota.from_quota(await info.context.services.wiz.quota(info.context.viewer.owner))

    @strawberry.field(
        description="The caller's conversations, the newest first; guests have them too. Null for nobody."
    )
    async def conversations(
        self, info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> Connection[Conversation] | None:
        if self.kind not in {ViewerKind.GUEST, ViewerKind.USER}:
            return None
        return await conversations_of_owner(info.context, info.context.viewer.owner, page_request(first, after))


@strawberry.type(description="The tokens of a session.")
class AuthTokens:
    access_token: str = strawberry.field(description="To be sent as `Authorization: Bearer …`.")
    access_token_expires_at: datetime = strawberry.field(description="The timestamp at which it expires.")
    refresh_token: str = strawberry.field(
        description="Buys new tokens by `sessionRefresh`, once. A second use ends the session."
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


@strawberry.input(description="A new account.")
class UserRegisterInput:
    email: str = strawberry.field(description="The e-mail address; trimmed and stored in lower case.")
    password: str = strawberry.field(description="At least 7 characters and at most 1,024 bytes; not trimmed.")
    name: str = strawberry.field(description="What to call the user: 2 to 100 characters; trimmed.")


@strawberry.input(description="A sign-in by password.")
class SessionCreateInput:
    email: str = strawberry.field(description="The e-mail address, in any case.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="A session to renew.")
class SessionRefreshInput:
    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


@strawberry.type(description="A user and the tokens of a session.")
class SignedInUser:
    user: User = strawberry.field(description="The user.")
    tokens: AuthTokens = strawberry.field(description="The tokens of the session.")

    @classmethod
    def from_signed_in(cls, signed_in: SignedIn) -> Self:
        return cls(user=User.from_row(signed_in.user), tokens=AuthTokens.from_tokens(signed_in.tokens))


@strawberry.type(description="The account was made, and its user is signed in.")
class UserRegisterSuccess(SignedInUser):
    pass


@strawberry.type(description="The user is signed in.")
class SessionCreateSuccess(SignedInUser):
    pass


@strawberry.type(description="The session goes on with new tokens; the spent refresh token is worth nothing.")
class SessionRefreshSuccess(SignedInUser):
    pass


UserRegisterResult = Annotated[
    UserRegisterSuccess | InvalidInput | EmailTaken,
    strawberry.union("UserRegisterResult", description="What became of `userRegister`."),
]
SessionCreateResult = Annotated[
    SessionCreateSuccess | InvalidInput | InvalidCredentials,
    strawberry.union("SessionCreateResult", description="What became of `sessionCreate`."),
]
SessionRefreshResult = Annotated[
    SessionRefreshSuccess | InvalidRefreshToken,
    strawberry.union("SessionRefreshResult", description="What became of `sessionRefresh`."),
]
