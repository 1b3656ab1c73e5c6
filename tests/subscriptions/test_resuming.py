"""`wizReply` with `after`: nothing missing, nothing twice, from any position and through any number of cuts."""

import asyncio
import random

import pytest

from services.events.purge import purge
from services.settings import Settings
from tests.client import Client, Json
from tests.conversations import Reading, ask, converse, follow, has, says, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

READERS = 8
# Who comes back at once may find a place still taken by the socket that was cut.
PACE = {"extractive_pace_seconds": 0.01, "sockets_per_viewer": 2 * READERS}


async def read_with_cuts(client: Client, reply: str, chance: random.Random) -> Reading:
    """Hangs up after every few events, the first included, and goes on from there; how the whole looked."""
    reading = Reading()
    while reading.ending is None:
        count = len(reading.events) + chance.randint(1, 3)
        await follow(client, reply, onto=reading, enough=has(count))
    return reading


async def test_cut_off_again_and_again_nobody_misses_anything(settings: Settings) -> None:
    async with serving(settings.model_copy(update=PACE)) as server:
        user = await server.user()
        conversation = await converse(user)
        reply = await ask(user, conversation)
        chances = [random.Random(seed) for seed in range(READERS)]  # noqa: S311  chance that can be repeated
        readings = await asyncio.gather(*(read_with_cuts(user, reply, chance) for chance in chances))
        message = await until_ended(user, conversation)
        for reading in readings:
            assert reading.text == message["content"]
            assert reading.kinds[0] == "Snapshot"
            assert set(reading.kinds[1:-1]) == {"Delta"}
            assert reading.kinds[-1] == "Done"
        assert max(len(reading.events) for reading in readings) > 10


async def rest(client: Client, reply: str, after: str) -> list[Json]:
    """The events that come with `after`, once the reply has ended."""
    reading = Reading(text="")
    await follow(client, reply, onto=reading, after=after)
    return reading.events


async def test_every_position_continues_where_it_stands(settings: Settings) -> None:
    async with serving(settings.model_copy(update=PACE)) as server:
        guest = server.guest()
        reply = await ask(guest, await converse(guest))
        whole = (await follow(guest, reply)).events
        for index, event in enumerate(whole[:-1]):
            assert await rest(guest, reply, event["position"]) == whole[index + 1 :]
        # A library may send its first `after` with every new connection: the same events come, under the same positions.
        assert await rest(guest, reply, whole[1]["position"]) == whole[2:]
        assert await rest(guest, reply, whole[-1]["position"]) == [], "the end was the last"

        # Who joins after the end and is cut off before it comes still gets it.
        joined = await follow(guest, reply, enough=has(1))
        assert joined.kinds == ["Snapshot"]
        await follow(guest, reply, onto=joined)
        assert joined.kinds == ["Snapshot", "Done"]
        assert joined.ending == whole[-1]


async def test_positions_we_do_not_know_begin_afresh(settings: Settings) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel(["Ebb ", gate, "and flow."], ["Another."])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        held = await follow(guest, reply, enough=says("Ebb "))
        position = int(held.position or "")
        other = (await follow(guest, await ask(guest, conversation))).position or ""
        odd = [
            "",
            "x",
            "0",
            "1",
            "-1",
            "1.5",
            " 1",
            "9" * 19,
            "9" * 500,
            "\uff11",
            "\x00",
            str(position + 10**6),
            other,
        ]
        for after in odd:
            reading = Reading()
            await follow(guest, reply, onto=reading, after=after, enough=says("Ebb "))
            assert reading.events[0] == {"__typename": "ReplySnapshot", "position": str(position), "text": "Ebb "}
        gate.set()
        whole = await follow(guest, reply, onto=held)
        for after in odd:
            reading = Reading()
            await follow(guest, reply, onto=reading, after=after)
            assert reading.kinds == ["Snapshot", "Done"]
            assert (reading.text, reading.ending) == (whole.text, whole.ending)


async def test_positions_that_are_purged_begin_afresh(server: Server) -> None:
    guest = server.guest()
    reply = await ask(guest, await converse(guest))
    whole = await follow(guest, reply)
    for _ in range(2):
        # First the events are forgotten, then the topic.
        await purge(server.services.database, keep_seconds=0)
        for event in whole.events[:-1]:
            reading = Reading()
            await follow(guest, reply, onto=reading, after=event["position"])
            assert reading.kinds == ["Snapshot", "Done"]
            assert reading.text == whole.text
            assert (reading.ending or {})["message"] == (whole.ending or {})["message"]


async def test_a_reply_that_waited_longer_than_events_are_kept(settings: Settings) -> None:
    """Its topic is forgotten and begins anew, and those who wait for it notice nothing."""
    async with serving(settings, work=False) as idle:
        guest = idle.guest()
        reply = await ask(guest, await converse(guest))
        held = await follow(guest, reply, enough=has(1))
        assert held.kinds == ["Snapshot"]
        async with asyncio.TaskGroup() as group:
            patient = group.create_task(follow(guest, reply))
            for _ in range(2):
                await purge(idle.services.database, keep_seconds=0)
            late = await follow(guest, reply, enough=has(1))
            async with serving(settings):
                await follow(guest, reply, onto=late)
        await follow(guest, reply, onto=held)
        assert late.text
        assert {patient.result().text, held.text} == {late.text}
        assert late.kinds[-1] == patient.result().kinds[-1] == held.kinds[-1] == "Done"
