"""`wizReply` as its readers see it: streamed, joined late, and written whether or not anybody reads."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from services.settings import Settings
from tests.client import Client, StreamRefused
from tests.conversations import FOLLOW, SECONDS, ask, converse, follow, messages, says, send, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

PACE = {"extractive_pace_seconds": 0.005}
HEAT = Path(__file__).parents[2] / "db" / "samples" / "sample-heat.json"


async def refused(client: Client, reply: str) -> str:
    """The code with which a subscription ends before its first event."""
    with pytest.raises(StreamRefused) as refusal:
        await follow(client, reply)
    return refusal.value.code


async def test_an_answer_streams_to_its_end(settings: Settings) -> None:
    async with serving(settings.model_copy(update=PACE)) as server:
        for client in (server.guest(), await server.user()):
            conversation = await converse(client)
            reading = await follow(client, await ask(client, conversation))
            kinds = reading.kinds
            assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("Snapshot", "Done", {"Delta"})
            assert len(kinds) > 5
            assert reading.events[0]["text"] == ""
            assert all(event["text"] for event in reading.events[1:-1])
            positions = [event["position"] for event in reading.events]
            assert len(set(positions)) == len(positions)
            stored = (await messages(client, conversation))[-1]
            assert reading.ending is not None
            assert reading.ending["message"] == stored
            assert stored["content"] == reading.text
            assert stored["status"] == "DONE"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_citations_point_at_what_is_said_there(server: Server) -> None:
    spoken = json.loads(HEAT.read_text())["segments"]
    guest = server.guest()
    cited: list[float] = []
    for question in ("What is absolute zero?", "Why can a heat pump deliver more heat than the electricity it uses?"):
        reading = await follow(guest, await ask(guest, await converse(guest, "sample-heat"), question))
        assert reading.ending is not None
        message = reading.ending["message"]
        citations = message["citations"]
        assert [citation["label"] for citation in citations] == re.findall(r"\[([0-9:]+)\]", message["content"])
        for citation in citations:
            there = [cue for cue in spoken if int(cue["startSeconds"]) == citation["startSeconds"]]
            assert [cue["text"] for cue in there] == [citation["quote"]]
            assert citation["url"] is None, "there is no such video"
            cited.append(citation["startSeconds"])
    assert any(seconds > 3600 for seconds in cited)


async def test_who_comes_late_gets_the_text_so_far(settings: Settings) -> None:
    gate, end = asyncio.Event(), asyncio.Event()
    model = ScriptedModel(["It ", "was ", gate, "the ", end, "Moon."])
    async with serving(settings, model=model) as server:
        user = await server.user()
        reply = await ask(user, await converse(user))
        held = await follow(user, reply, enough=says("It was "))
        async with asyncio.TaskGroup() as group:
            early = group.create_task(follow(user, reply, onto=held))
            late = group.create_task(follow(user, reply))
            last = await follow(user, reply, enough=says("It was "))
            assert last.events[0]["text"] == "It was "
            gate.set()
            await follow(user, reply, onto=last, enough=says("It was the "))
            end.set()
            last = await follow(user, reply, onto=last)
        assert {reading.text for reading in (early.result(), late.result(), last)} == {"It was the Moon."}
        assert (late.result().kinds[0], late.result().kinds[-1]) == ("Snapshot", "Done")
        afterwards = await follow(user, reply)
        assert afterwards.kinds == ["Snapshot", "Done"]
        assert afterwards.text == "It was the Moon."
        assert afterwards.ending == last.ending


async def test_a_reply_survives_whoever_asked_for_it(settings: Settings) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel(["Nobody ", gate, "listens."])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        await follow(guest, reply, enough=says("Nobody "))
        gate.set()
        message = await until_ended(guest, conversation)
        assert (message["status"], message["content"]) == ("DONE", "Nobody listens.")


async def test_a_reply_is_its_owners_alone(settings: Settings) -> None:
    async with serving(settings, model=ScriptedModel(["Secret."])) as server:
        guest, user = server.guest(), await server.user()
        others = [server.guest(), await server.user()]
        for client in (guest, user):
            sent = await send(client, await converse(client))
            for other in (*others, *({guest, user} - {client})):
                assert await refused(other, sent["reply"]["id"]) == "NOT_FOUND"
            assert await refused(server.nobody, sent["reply"]["id"]) == "UNAUTHENTICATED"
            assert await refused(client, sent["message"]["id"]) == "NOT_FOUND", "a question is no reply"
            assert (await follow(client, sent["reply"]["id"])).text == "Secret."


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_refused_subscription_leaves_its_socket_alive(server: Server) -> None:
    guest = server.guest()
    conversation = await converse(guest)
    reply = await ask(guest, conversation)
    async with asyncio.timeout(SECONDS), guest.socket() as socket:
        for odd in ("", "nonsense", conversation, "TWVzc2FnZTow", "TWVzc2FnZTo5OTk5OTk", "\x00", "9" * 5000):
            with pytest.raises(StreamRefused) as refusal:
                await anext(socket.subscribe(FOLLOW, id=odd))
            assert refusal.value.code == "NOT_FOUND"
        for wrong in ({"id": None}, {"id": reply, "after": ["x"]}):
            with pytest.raises(StreamRefused) as refusal:
                await anext(socket.subscribe(FOLLOW, **wrong))
            assert refusal.value.code == "BAD_USER_INPUT"
        kinds = [event["__typename"] async for event in socket.subscribe(FOLLOW, id=reply)]
        assert kinds[-1] == "ReplyDone"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_no_database_can_keep_is_left_out(settings: Settings) -> None:
    async with serving(settings, model=ScriptedModel(["A\x00 wa", "ve \ud83d", "goes", " by."])) as server:
        guest = server.guest()
        reading = await follow(guest, await ask(guest, await converse(guest)))
        assert (reading.text, reading.kinds[-1]) == ("A wave goes by.", "Done")
