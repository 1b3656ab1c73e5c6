"""`replyStop`: the text so far is kept, the model is stopped at once, and every reader hears of it."""

import asyncio
import time

import pytest

from services.settings import Settings
from tests.client import Client
from tests.conditions import until
from tests.conversations import STOP, ask, converse, follow, messages, says, send, stop, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import serving

pytestmark = pytest.mark.asyncio

PROMPT_SECONDS = 3.0
"""Far below the 5 s after which a heartbeat would bring the request; usually it takes a few hundredths."""


async def test_before_any_worker_has_it(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(follow(guest, reply))
            message = await stop(guest, reply)
        assert (message["status"], message["content"], message["model"]) == ("STOPPED", "", None)
        reading = following.result()
        assert reading.kinds == ["Snapshot", "Stopped"]
        assert reading.ending is not None
        assert reading.ending["message"] == message == (await messages(guest, conversation))[-1]
        async with serving(settings):
            # What the worker finds next is the next question, and not this reply.
            await follow(guest, await ask(guest, conversation))
        found = await messages(guest, conversation)
        assert [one["status"] for one in found] == ["DONE", "STOPPED", "DONE", "DONE"]
        assert await stop(guest, reply) == message


async def stopped_promptly(client: Client, reply: str, model: ScriptedModel, text: str) -> None:
    """Stop it when this much has come; check that it ends soon, with this text, and the model's work, too."""
    held = await follow(client, reply, enough=says(text))

    async def is_asked() -> bool:
        return len(model.requests) == 1

    await until(is_asked)
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow(client, reply, onto=held))
        await stop(client, reply)
    assert time.monotonic() - begun < PROMPT_SECONDS
    assert model.closed == 1
    assert following.result().kinds[-1] == "Stopped"
    assert held.ending is not None
    assert held.ending["message"]["content"] == text
    assert held.ending["message"]["model"] == "scripted"


@pytest.mark.parametrize("said", [[], ["High ", "water "]])
async def test_while_the_model_is_silent(settings: Settings, said: list[str]) -> None:
    model = ScriptedModel([*said, asyncio.Event()])
    async with serving(settings, model=model) as server:
        user = await server.user()
        conversation = await converse(user)
        await stopped_promptly(user, await ask(user, conversation), model, "".join(said))
        assert (await messages(user, conversation))[-1]["status"] == "STOPPED"


async def test_while_it_streams(settings: Settings) -> None:
    """By another server than the one whose worker writes it."""
    paced = settings.model_copy(update={"extractive_pace_seconds": 0.1})
    async with serving(paced) as server, serving(settings, work=False) as other:
        guest = server.guest()
        elsewhere = Client(url=other.url, guest=guest.guest)
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        reading = await follow(guest, reply, enough=lambda reading: reading.kinds.count("Delta") == 3)
        begun = time.monotonic()
        message = await stop(elsewhere, reply)
        assert message["status"] == "STREAMING"
        await follow(guest, reply, onto=reading)
        assert time.monotonic() - begun < PROMPT_SECONDS
        assert reading.kinds[-1] == "Stopped"
        stored = (await messages(guest, conversation))[-1]
        assert (stored["status"], stored["content"]) == ("STOPPED", reading.text)
        assert stored["content"]
        assert (await follow(guest, reply)).kinds == ["Snapshot", "Stopped"]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_a_stopped_answer_cites_is_kept_with_it(settings: Settings) -> None:
    model = ScriptedModel(["Later [7:03], and ", asyncio.Event()])
    async with serving(settings, model=model) as server:
        guest = server.guest()
        conversation = await converse(guest)
        await stopped_promptly(guest, await ask(guest, conversation), model, "Later [7:03], and ")
        (citation,) = (await messages(guest, conversation))[-1]["citations"]
        assert (citation["startSeconds"], citation["label"]) == (423, "7:03")
        assert citation["quote"].startswith("From a high water")


async def test_after_the_end_nothing_changes(settings: Settings) -> None:
    async with serving(settings, model=ScriptedModel(["Done."])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        await follow(guest, reply)
        message = await stop(guest, reply)
        assert (message["status"], message["content"]) == ("DONE", "Done.")
        assert message == (await messages(guest, conversation))[-1]
        assert (await follow(guest, reply)).kinds == ["Snapshot", "Done"]


async def test_nobody_stops_what_is_not_theirs(settings: Settings) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel([gate, "Undisturbed."])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        sent = await send(guest, conversation)
        missing = {"__typename": "NotFound", "reason": "Reply not found."}
        for other in (server.guest(), await server.user()):
            assert (await other.execute(STOP, id=sent["reply"]["id"])).data["replyStop"] == missing
        assert (await guest.execute(STOP, id=sent["message"]["id"])).data["replyStop"] == missing
        for odd in ("", "nonsense", conversation, "TWVzc2FnZTo5OTk5OTk"):
            assert (await guest.execute(STOP, id=odd)).data["replyStop"]["__typename"] == "NotFound"
        assert (await server.nobody.execute(STOP, id=sent["reply"]["id"])).code == "UNAUTHENTICATED"
        gate.set()
        assert (await until_ended(guest, conversation))["content"] == "Undisturbed."
