"""A user with something in every table that a user can have something in, and what is left of one."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from sqlalchemy import Table, insert, select, update

from db import clock
from db.models import tables
from db.models.tables import Base
from db.outbox import NewEvent, NewTask
from services.storage.storage import new_key
from tests.accounts import register, succeeded
from tests.client import Client
from tests.conversations import ask, converse
from tests.exporting import exporting
from tests.jobs import exported
from tests.resolvers.stored import user_id_of
from tests.server import Server
from tests.uploads import sent

Rows = dict[str, list[tuple[object, ...]]]

TAKE_NOTE = """
mutation Take($text: String!) {
  noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "1:05", text: $text}) {
    ... on NoteCreateSuccess { note { id } }
  }
}
"""
ADD_VIDEO = (
    'mutation { videoAdd(input: {video: {youtube: "sample-tide"}}) { ... on VideoAddSuccess { video { id } } } }'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    user: Client
    id: int
    email: str
    canary: str
    """In every text of the user's."""
    refresh_token: str
    file: str
    """A link to the user's export."""


def tables_of_users() -> set[str]:
    """Those whose rows belong to a user, at however many removes."""
    found = {"users"}
    while True:
        more = {table.name for table in Base.metadata.sorted_tables if _refers_to(table, found)} - found
        if not more:
            return found
        found |= more


def _refers_to(table: Table, others: set[str]) -> bool:
    return any(key.column.table.name in others for key in table.foreign_keys)


async def dump(server: Server) -> Rows:
    """Every row of every table."""
    async with server.services.database.read(snapshot=True) as reader:
        return {
            table.name: sorted((tuple(row) for row in await reader.all(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


async def make_account(server: Server, name: str) -> Account:
    """On a server without a worker, so that what is to be done stays to be done."""
    canary, email = f"canary{name}", f"canary{name}@example.com"
    tokens = succeeded(await register(server.nobody, email, name=canary))["tokens"]
    user = Client(url=server.url, token=tokens["accessToken"])
    user_id = await user_id_of(user)
    async with exporting(server, server.services.storage):
        job = await exported(user)
    await user.execute(TAKE_NOTE, text=f"Two bulges, {canary}")
    await user.execute(ADD_VIDEO)
    await ask(user, await converse(user), f"{canary}: why does the tide come later each day?")
    await sent(user)
    await _store_the_rest(server, user_id, canary)
    return Account(
        user=user,
        id=user_id,
        email=email,
        canary=canary,
        refresh_token=tokens["refreshToken"],
        file=job["artifacts"][0]["url"],
    )


async def _store_the_rest(server: Server, user_id: int, canary: str) -> None:
    folder = f"{new_key('avatars')}/"
    for side in ("64", "512"):
        await put(server, f"{folder}{side}.webp")
    owned: Sequence[tuple[type[Base], dict[str, object]]] = [
        (tables.ApiToken, {"token_hash": f"api {canary}"}),
        (tables.MailedToken, {"token_hash": canary, "purpose": "P", "email": canary, "expires_at": clock.now()}),
        (tables.TranscriptSubmission, {"video_id": user_id}),  # of a sample
        (tables.ProviderKey, {"provider": "gemini", "sealed": b"sealed", "sealed_by": "key"}),
    ]
    async with server.services.database.write() as tx:
        await tx.execute(
            update(tables.User)
            .where(tables.User.id == user_id)
            .values(avatar_key=folder, google_subject=canary, picture_url=f"https://example.com/{canary}")
        )
        for table, values in owned:
            await tx.execute(insert(table).values(user_id=user_id, **values))
        # One that ended, and one that is at work.
        for key, status in (("ended", "DEAD"), ("at work", "RUNNING")):
            payload = {"userId": user_id, "text": canary}
            await tx.enqueue(NewTask(kind="chore", lane="chores", key=f"{canary} {key}", payload=payload))
            chore = update(tables.Task).where(tables.Task.key == f"{canary} {key}")
            await tx.execute(chore.values(status=status, finished_at=clock.now() if status == "DEAD" else None))
        await tx.publish("video:1", NewEvent(type="changed"))


async def put(server: Server, key: str) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        yield b"picture"

    await server.services.storage.put(key, chunks(), content_type="image/webp", limit=100)


def traces(rows: Rows, account: Account) -> list[str]:
    """What still tells of the account, with the table that it is in."""
    found: list[str] = []
    for table in Base.metadata.sorted_tables:
        columns = [column.name for column in table.columns]
        for row in rows[table.name]:
            named = dict(zip(columns, row, strict=True))
            texts = repr(row)
            is_theirs = account.id in {named.get("user_id"), named["id"] if table.name == "users" else None}
            written = (
                account.canary,
                f"user:{account.id}'",
                f"user:{account.id}:",
                f"'userId': {account.id},",
                f"'userId': {account.id}}}",
            )
            if is_theirs or any(text in texts for text in written):
                found.append(f"{table.name}: {texts}")
    return found
