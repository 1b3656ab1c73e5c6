"""Clients that do not read: what is made for them stops soon, and so do they."""

import pytest
from websockets.asyncio.client import ClientConnection

from services.settings import Settings
from tests.client import Json
from tests.conditions import until
from tests.protocols.websocket.conftest import UNLIMITED
from tests.protocols.websocket.sockets import acknowledged, is_well, send, subscribe
from tests.protocols.websocket.stage import Stage, staged

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

TO = 200_000
FLOOD = "subscription ($text: String!) { numbers(to: 200000, text: $text) }"
KILOBYTE: Json = {"text": "x" * 1024}
MOST_MADE = 60_000
"""Far from all of it: what the kernel's buffers hold on both sides, which may be several megabytes."""


async def flood(connection: ClientConnection, number: str = "1") -> None:
    await send(connection, subscribe(number, FLOOD, variables=KILOBYTE))


async def until_stuck(stage: Stage) -> None:
    """Until nothing has been made at many looks in a row."""
    looks: list[int] = []

    async def is_stuck() -> bool:
        looks.append(stage.made)
        return stage.made > 0 and len(looks) > 30 and len(set(looks[-30:])) == 1

    await until(is_stuck, seconds=30)
    assert stage.made < MOST_MADE


async def test_who_does_not_read_stops_what_is_made_for_him(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection, acknowledged(stage.url) as bystander:
        await flood(connection)
        await until_stuck(stage)
        assert stage.running == 1
        assert await is_well(bystander)
        # He may still change his mind.
        await send(connection, {"id": "1", "type": "complete"})
        await stage.until_running(0)
        await flood(connection, "2")
        await stage.until_running(1)
        connection.transport.abort()
        await stage.until_running(0)


async def test_who_does_not_read_for_long_is_cut_off(settings: Settings) -> None:
    impatient = settings.model_copy(update={"send_stall_seconds": 1, "socket_messages": UNLIMITED})
    async with staged(impatient) as stage, acknowledged(stage.url) as bystander:
        async with acknowledged(stage.url) as connection:
            for number in range(5):
                await flood(connection, str(number))
            # Pings without an answer pile up at the client's side alone.
            await send(connection, *({"type": "ping"} for _ in range(200)))
            await until_stuck(stage)

            async def is_cut_off() -> bool:
                return stage.connections.count == 1 and stage.running == 0

            await until(is_cut_off, seconds=60)
        assert await is_well(bystander)


async def test_who_reads_slowly_gets_everything_in_order(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, subscribe("1", FLOOD.replace(str(TO), "20000"), variables=KILOBYTE))
        await until_stuck(stage)
        texts = [await connection.recv() for _ in range(20_001)]
        assert all(f'"{number}x' in str(texts[number]) for number in range(20_000))
        assert '"complete"' in str(texts[-1])
