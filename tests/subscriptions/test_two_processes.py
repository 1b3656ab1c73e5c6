"""One database, several servers: whoever is asked, whoever writes, every reader sees the same."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.settings import Settings
from tests.accounts import register, succeeded
from tests.client import Client
from tests.commands import Operator
from tests.conversations import Reading, ask, converse, follow, has, messages
from tests.server import serving
from tests.settings import SECRET_KEY

pytestmark = pytest.mark.asyncio


def at(url: str, client: Client) -> Client:
    """The same caller, at another server."""
    return Client(url=url, token=client.token, guest=client.guest)


async def ask_at_one_and_read_at_both(reader: Client, asker: Client) -> None:
    """Also hands the reader over from one server to the other with each event it gets."""
    conversation = await converse(asker)
    reply = await ask(asker, conversation)
    wandering = Reading()
    async with asyncio.TaskGroup() as group:
        readings = [group.create_task(follow(client, reply)) for client in (reader, asker)]
        while wandering.ending is None:
            held = len(wandering.events)
            where = (reader, asker)[held % 2]
            await follow(where, reply, onto=wandering, enough=has(held + 1))
    (stored,) = (await messages(reader, conversation))[1:]
    for reading in (*(task.result() for task in readings), wandering):
        assert reading.text == stored["content"]
        assert (reading.kinds[0], reading.kinds[-1]) == ("Snapshot", "Done")
        assert set(reading.kinds[1:-1]) == {"Delta"}
        assert reading.ending == {**(wandering.ending or {}), "message": stored}


async def test_two_servers_one_of_which_works(settings: Settings) -> None:
    paced = settings.model_copy(update={"extractive_pace_seconds": 0.005})
    async with serving(paced) as working, serving(settings, work=False) as idle:
        for client in (working.guest(), await idle.user()):
            await ask_at_one_and_read_at_both(at(working.url, client), at(idle.url, client))
            await ask_at_one_and_read_at_both(at(idle.url, client), at(working.url, client))


async def test_two_processes(database_url: str, tmp_path: Path) -> None:
    variables = {"DB_URL": database_url, "SECRET_KEY": SECRET_KEY, "EXTRACTIVE_PACE_SECONDS": "0.005"}
    operator = Operator(folder=tmp_path, variables=variables)
    with ExitStack() as processes:
        urls = [processes.enter_context(operator.serving(*options))[0] for options in ((), ("--no-worker",))]
        guest = Client(url=urls[0], guest="somebody")
        account = succeeded(await register(Client(url=urls[1])))
        user = Client(url=urls[1], token=account["tokens"]["accessToken"])
        one, other = urls
        await ask_at_one_and_read_at_both(at(one, guest), at(other, guest))
        await ask_at_one_and_read_at_both(at(other, user), at(one, user))
