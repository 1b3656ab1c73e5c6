"""Anything by its global id: a table from type name to how its rows are fetched for the caller."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import strawberry

from schema.context import Context, Info
from schema.permissions import GUESTS_AND_USERS
from schema.types.costs import at_most
from schema.types.jobs import Artifact, Job
from schema.types.nodes import Node, NodeKey, parse_global_id
from schema.types.notes import Note
from schema.types.sessions import Session
from schema.types.users import User
from schema.types.videos import Video
from schema.types.wiz import Conversation, Message
from services.errors import InvalidInput, Problem, ProblemCode

LARGEST_REQUEST = 50

Fetch = Callable[[Context, Sequence[int]], Awaitable[Sequence[Node | None]]]


async def _users(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    """One sees nobody but oneself."""
    own = context.viewer.user_id
    row = None if own is None or own not in ids else await context.services.users.get(own)
    return [User.from_row(row) if row is not None and row.id == user_id else None for user_id in ids]


async def _videos(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    return [row and Video.from_row(row) for row in await context.services.videos.by_ids(ids)]


async def _notes(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    user_id = context.viewer.user_id
    if user_id is None:
        return [None for _ in ids]
    return [row and Note.from_row(row) for row in await context.services.notes.by_ids(user_id, ids)]


async def _sessions(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    user_id = context.viewer.user_id
    if user_id is None:
        return [None for _ in ids]
    return [row and Session.from_row(row, context) for row in await context.services.sessions.by_ids(user_id, ids)]


async def _conversations(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    rows = await context.services.wiz.conversations_by_ids(context.viewer.owner, ids)
    return [row and Conversation.from_row(row) for row in rows]


async def _messages(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    return [
        row and Message.from_row(row) for row in await context.services.wiz.messages_by_ids(context.viewer.owner, ids)
    ]


async def _jobs(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    user_id = context.viewer.user_id
    if user_id is None:
        return [None for _ in ids]
    return [row and Job.from_row(row) for row in await context.services.jobs.by_ids(user_id, ids)]


async def _artifacts(context: Context, ids: Sequence[int]) -> Sequence[Node | None]:
    user_id = context.viewer.user_id
    if user_id is None:
        return [None for _ in ids]
    return [row and Artifact.from_row(row) for row in await context.services.jobs.artifacts_by_ids(user_id, ids)]


FETCHES: dict[str, Fetch] = {
    "User": _users,
    "Video": _videos,
    "Note": _notes,
    "Conversation": _conversations,
    "Message": _messages,
    "Session": _sessions,
    "Job": _jobs,
    "Artifact": _artifacts,
}


async def fetch_nodes(context: Context, ids: Sequence[str]) -> list[Node | None]:
    """In the order of the ids; null for what is not there or not the caller's. One statement a type."""
    keys = [parse_global_id(text) for text in ids]
    found: dict[NodeKey, Node | None] = {}
    for type_name, fetch in FETCHES.items():
        wanted = list(dict.fromkeys(key.id for key in keys if key is not None and key.type_name == type_name))
        if wanted:
            nodes = await fetch(context, wanted)
            found.update({NodeKey(type_name, row_id): node for row_id, node in zip(wanted, nodes, strict=True)})
    return [None if key is None else found.get(key) for key in keys]


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="Anything the caller may see, by its id; null for anything else.", extensions=[GUESTS_AND_USERS]
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
    ) -> Node | None:
        (node,) = await fetch_nodes(info.context, [id])
        return node

    @strawberry.field(
        description="As `node`, for at most 50 ids: one answer an id, in their order.",
        extensions=[GUESTS_AND_USERS],
        metadata=at_most(LARGEST_REQUEST, argument="ids"),
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The global ids.")]
    ) -> list[Node | None]:
        if len(ids) > LARGEST_REQUEST:
            message = f"At most {LARGEST_REQUEST} ids may be asked for at once."
            raise InvalidInput([Problem(path=("ids",), code=ProblemCode.TOO_LONG, message=message)])
        return await fetch_nodes(info.context, ids)
