"""Users and callers: who is signed in, and what is theirs."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.types.unset import UNSET

from db.queries.users import UserRow
from schema.context import Info
from schema.types.enums import describe
from schema.types.errors import InvalidInput
from schema.types.jobs import Job, jobs_of_user
from schema.types.nodes import Node, global_id
from schema.types.notes import Note, notes_of_user
from schema.types.paging import DEFAULT_SIZE, After, Connection, First, page_request
from schema.types.provider_keys import ProviderKeys
from schema.types.sessions import Session, sessions_of_user
from schema.types.videos import Video, VideoFilter, VideoOrder, listing_of, videos_of_user
from schema.types.wiz import Conversation, WizQuota, conversations_of_owner
from services.identity.users import UserPatch
from services.identity.viewers import Owner, ViewerKind
from services.jobs.jobs import JobFilter
from services.jobs.states import JobKind, JobStatus
from services.media.avatar_links import DEFAULT_SIZE as DEFAULT_AVATAR_SIZE

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
    has_api_token: bool = strawberry.field(description="Whether the user has a long-term token: see `apiTokenCreate`.")
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
            has_api_token=row.has_api_token,
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

    @strawberry.field(description="At which providers of models the user has set a key of their own.")
    async def provider_keys(self, info: Info) -> ProviderKeys:
        keys_of = info.context.services.provider_keys.keys_of
        return ProviderKeys.from_keys(await info.context.batches.load(keys_of, keys_of, self.row.id))

    @strawberry.field(
        description="The link to the user's picture: the one they uploaded, else the one that Google tells of, else one of "
        "ours. It needs no credentials, and is another when the picture is."
    )
    async def avatar_url(
        self,
        info: Info,
        size: Annotated[
            int, strawberry.argument(description="Pixels across, 64 to 512; the next larger one that there is.")
        ] = DEFAULT_AVATAR_SIZE,
    ) -> str:
        return info.context.services.avatar_links.url(self.row, size, info.context.base_url)

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

    @strawberry.field(description="The user's jobs, the newest first.")
    async def jobs(
        self,
        info: Info,
        kind: Annotated[JobKind | None, strawberry.argument(description="Those of one kind only.")] = None,
        status: Annotated[JobStatus | None, strawberry.argument(description="Those that are so far only.")] = None,
        first: First = DEFAULT_SIZE,
        after: After = None,
    ) -> Connection[Job]:
        return await jobs_of_user(info.context, self.row.id, JobFilter(kind=kind, status=status), first, after)

    @strawberry.field(description="The user's sessions that still stand, the newest first.")
    async def sessions(self, info: Info, first: First = DEFAULT_SIZE, after: After = None) -> Connection[Session]:
        return await sessions_of_user(info.context, self.row.id, page_request(first, after))


@strawberry.type(description="Who is calling.")
class Viewer:
    kind: ViewerKind = strawberry.field(description="What kind of caller it is.")

    @strawberry.field(description="The signed-in user; null for other callers.")
    async def user(self, info: Info) -> User | None:
        user_id = info.context.viewer.user_id
        row = None if user_id is None else await info.context.services.users.get(user_id)
        return None if row is None else User.from_row(row)

    @strawberry.field(
        description="Messages to Wiz that the caller may still send today; null for who is neither a user nor a guest."
    )
    async def wiz_quota(self, info: Info) -> WizQuota | None:
        if self.kind not in {ViewerKind.GUEST, ViewerKind.USER}:
            return None
        return WizQuota.from_quota(await info.context.services.wiz.quota(info.context.viewer.owner))

    @strawberry.field(
        description="The caller's conversations, the newest first; null for who is neither a user nor a guest."
    )
    async def conversations(
        self, info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> Connection[Conversation] | None:
        if self.kind not in {ViewerKind.GUEST, ViewerKind.USER}:
            return None
        return await conversations_of_owner(info.context, info.context.viewer.owner, page_request(first, after))


@strawberry.input(description="Changes of one's profile. What is left out stays as it is.")
class UserUpdateInput:
    name: str | None = strawberry.field(
        default=UNSET, description="What to call the user: 2 to 100 characters; trimmed. Null removes it."
    )
    ai_notes_enabled: bool | None = strawberry.field(
        default=UNSET, description="Whether the assistant may write the text of empty notes; not null."
    )

    def patch(self) -> UserPatch:
        """What was sent."""
        patch = UserPatch()
        if self.name is not UNSET:
            patch["name"] = self.name
        if self.ai_notes_enabled is not UNSET:
            patch["ai_notes_enabled"] = self.ai_notes_enabled
        return patch


@strawberry.type(description="The profile is as it was asked for.")
class UserUpdateSuccess:
    user: User = strawberry.field(description="The user.")


UserUpdateResult = Annotated[
    UserUpdateSuccess | InvalidInput,
    strawberry.union("UserUpdateResult", description="What became of `userUpdate`."),
]
