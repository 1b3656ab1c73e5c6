"""`conversationDelete` while a reply is being written: the model is stopped, readers are told, and nothing comes back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import func, select

from db.models.tables import Conversation, Event, Message, SearchEntry, Task
from services.settings import Settings
from services.wiz.replies import KIND
from services.wiz.reply_log import Progress
from tests.client import Client, StreamRefused
from tests.conditions import until
from tests.conversations import Reading, ask, converse, delete, follow, quota_used, says
from tests.doubles.scripted_model import ScriptedModel
from tests.provider_keys import keys_set
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import ModelServer
from tests.servers.openrouter import openrouter

pytestmark = pytest.mark.asyncio

PROVIDERS = {"gemini": gemini, "openrouter": openrouter}


async def left(server: Server) -> list[int]:
    """How many conversations, messages, texts to be found in them, and tasks of replies there are."""
    found = SearchEntry.conversation_id.is_not(None)
    counts = [
        *(select(func.count()).select_from(table) for table in (Conversation, Message)),
        select(func.count()).select_from(SearchEntry).where(found),
        select(func.count()).select_from(Task).where(Task.kind == KIND),
    ]
    async with server.services.database.read() as reader:
        return [await reader.scalar(count) or 0 for count in counts]


def check_told(reading: Reading) -> None:
    ending = reading.ending
    assert ending is not None
    assert (ending["__typename"], ending["code"]) == ("ReplyFailed", "CONVERSATION_DELETED")
    assert ending["reason"] == "The conversation was deleted."


@pytest.mark.parametrize("said", ["", "High water "])
@pytest.mark.parametrize("kind", ["guest", "user"])
async def test_the_reply_stops_and_its_readers_are_told(settings: Settings, kind: str, said: str) -> None:
    """Readers on two servers; what has begun to answer is counted, and what has said nothing is not."""
    model = ScriptedModel([*([said] if said else []), asyncio.Event()])
    async with serving(settings, model=model) as server, serving(settings, work=False) as other:
        client = await server.user() if kind == "user" else server.guest()
        elsewhere = Client(url=other.url, token=client.token, guest=client.guest)
        conversation = await converse(client)
        reply = await ask(client, conversation)
        readings = [Reading(), Reading()]

        async def is_read() -> bool:
            return len(model.requests) == 1 and all(reading.text == said for reading in readings)

        async def is_stopped() -> bool:
            return model.closed == 1

        async with asyncio.TaskGroup() as group:
            for one, reading in zip((client, elsewhere), readings, strict=True):
                group.create_task(follow(one, reply, onto=reading))
            await until(is_read)
            assert (await delete(elsewhere, conversation))["__typename"] == "ConversationDeleteSuccess"
        await until(is_stopped)
        for reading in readings:
            check_told(reading)
        assert await quota_used(client) == bool(said)
        assert await left(server) == [0, 0, 0, 0]
        with pytest.raises(StreamRefused) as refusal:
            await follow(client, reply)
        assert refusal.value.code == "NOT_FOUND"
        # The worker goes on with what comes next.
        model_had = len(model.requests)
        await ask(client, await converse(client))

        async def asked_again() -> bool:
            return len(model.requests) == model_had + 1

        await until(asked_again)


async def test_before_any_worker_has_it(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        guest = server.guest()
        conversation = await converse(guest)
        replies = [await ask(guest, conversation) for _ in range(2)]
        readings = [Reading(), Reading()]

        async def is_read() -> bool:
            return all(reading.events for reading in readings)

        async with asyncio.TaskGroup() as group:
            for reply, reading in zip(replies, readings, strict=True):
                group.create_task(follow(guest, reply, onto=reading))
            await until(is_read)
            await delete(guest, conversation)
        for reading in readings:
            check_told(reading)
        assert await left(server) == [0, 0, 0, 0]
        assert await quota_used(guest) == 0


async def test_what_has_ended_was_told_already(settings: Settings) -> None:
    """Nobody follows it any more, so that its deletion is no event."""
    async with serving(settings, model=ScriptedModel(["Done."])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reading = await follow(guest, await ask(guest, conversation))
        assert reading.kinds[-1] == "Done"
        await delete(guest, conversation)
        async with server.services.database.read() as reader:
            kinds = [kind for (kind,) in await reader.all(select(Event.type))]
        assert Progress.DELETED not in kinds
        assert (await left(server))[:3] == [0, 0, 0]


@asynccontextmanager
async def provided(
    settings: Settings, name: str, script: list[str | asyncio.Event]
) -> AsyncGenerator[tuple[Server, ModelServer]]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(PROVIDERS[name]())
        upstream.scripts[:] = [script]
        changes = {f"{name}_base_url": upstream.url}
        yield await stack.enter_async_context(serving(settings.model_copy(update=changes))), upstream


@pytest.mark.parametrize("name", PROVIDERS)
async def test_the_provider_is_hung_up_on(settings: Settings, name: str) -> None:
    async with provided(settings, name, ["Half ", asyncio.Event()]) as (server, upstream):
        user = await server.user()
        await keys_set(user, **{name: "a-key"})
        conversation = await converse(user)
        reading = await follow(user, await ask(user, conversation), enough=says("Half "))
        assert reading.ending is None
        await delete(user, conversation)

        async def has_hung_up() -> bool:
            return upstream.hung_up == 1

        await until(has_hung_up)


async def test_a_worker_at_its_end_does_not_wait_in_a_ring(settings: Settings) -> None:
    """Replies that end while their conversations are deleted, many times over: one or the other comes first."""
    async with serving(settings, model=ScriptedModel(["One [0:30]. ", "Two."])) as server:
        users = [await server.user() for _ in range(4)]

        async def ask_and_delete(user: Client) -> None:
            for _ in range(5):
                conversation = await converse(user)
                await ask(user, conversation)
                assert (await delete(user, conversation))["__typename"] == "ConversationDeleteSuccess"

        await asyncio.gather(*(ask_and_delete(user) for user in users))
        assert (await left(server))[:3] == [0, 0, 0]
