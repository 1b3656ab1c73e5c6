"""`userUpdate`: what is left out stays, null clears, and nothing is written that changes nothing."""

import asyncio

import pytest
from sqlalchemy import select

from db.models.tables import User
from tests.accounts import member, problems, register, succeeded
from tests.client import Answer, Client, Json
from tests.server import Server

UPDATE = """
mutation Update($input: UserUpdateInput!) {
  userUpdate(input: $input) {
    __typename
    ... on UserUpdateSuccess { user { email name aiNotesEnabled } }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
PROFILE = "{ viewer { user { email name aiNotesEnabled } } }"
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def ada_of(server: Server) -> Client:
    tokens = succeeded(await register(server.nobody))["tokens"]
    return Client(url=server.url, token=tokens["accessToken"])


async def update(client: Client, **changes: object) -> Answer:
    return await client.execute(UPDATE, input=changes)


async def profile(client: Client) -> Json:
    found: Json = (await client.execute(PROFILE)).data["viewer"]["user"]
    return found


async def updated_at(server: Server) -> object:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(User.updated_at))


def ada(*, name: str | None = "Ada", notes: bool = True) -> Json:
    return {"email": "ada@example.com", "name": name, "aiNotesEnabled": notes}


@pytest.mark.asyncio
async def test_absent_is_not_null(idle_server: Server) -> None:
    client = await ada_of(idle_server)
    steps: list[tuple[dict[str, object], Json]] = [
        ({"name": " Ada Lovelace\n"}, ada(name="Ada Lovelace")),
        ({"aiNotesEnabled": False}, ada(name="Ada Lovelace", notes=False)),
        ({}, ada(name="Ada Lovelace", notes=False)),
        ({"name": None}, ada(name=None, notes=False)),
        ({"aiNotesEnabled": True}, ada(name=None)),
        ({"name": "A" * 100, "aiNotesEnabled": False}, ada(name="A" * 100, notes=False)),
    ]
    for changes, expected in steps:
        assert member(await update(client, **changes)) == {"__typename": "UserUpdateSuccess", "user": expected}
        assert await profile(client) == expected


@pytest.mark.asyncio
async def test_what_is_refused_changes_nothing(idle_server: Server) -> None:
    client = await ada_of(idle_server)
    before = await updated_at(idle_server)
    for name, code in (
        ("", "REQUIRED"),
        ("  ", "REQUIRED"),
        (" a", "TOO_SHORT"),
        ("x" * 101, "TOO_LONG"),
        ("a\x00b", "INVALID_CHARACTER"),
        ("a\ud800b", "INVALID_CHARACTER"),
    ):
        assert problems(await update(client, name=name, aiNotesEnabled=False)) == [("name", code)]
    assert problems(await update(client, name="Eve", aiNotesEnabled=None)) == [("aiNotesEnabled", "REQUIRED")]
    assert problems(await update(client, name="x", aiNotesEnabled=None)) == [
        ("name", "TOO_SHORT"),
        ("aiNotesEnabled", "REQUIRED"),
    ]
    assert (await update(client, email="eve@example.com")).code == "BAD_USER_INPUT"
    for stranger in (idle_server.nobody, idle_server.guest()):
        assert (await update(stranger, name="Eve")).code == "UNAUTHENTICATED"
    assert await profile(client) == ada()
    assert await updated_at(idle_server) == before


@pytest.mark.asyncio
async def test_what_changes_nothing_is_not_written(idle_server: Server) -> None:
    client = await ada_of(idle_server)
    before = await updated_at(idle_server)
    for changes in (
        {},
        {"name": "Ada"},
        {"name": " Ada "},
        {"aiNotesEnabled": True},
        {"name": "Ada", "aiNotesEnabled": True},
    ):
        assert member(await update(client, **changes))["user"] == ada()
        assert await updated_at(idle_server) == before
    await update(client, name=None)
    cleared = await updated_at(idle_server)
    assert cleared != before
    await update(client, name=None)
    assert await updated_at(idle_server) == cleared


@sqlite_alone
@pytest.mark.asyncio
async def test_two_updates_at_once_do_not_undo_each_other(idle_server: Server) -> None:
    client = await ada_of(idle_server)
    for number in range(5):
        is_on = number % 2 == 0
        await asyncio.gather(update(client, name=f"Ada {number}"), update(client, aiNotesEnabled=is_on))
        assert await profile(client) == ada(name=f"Ada {number}", notes=is_on)
