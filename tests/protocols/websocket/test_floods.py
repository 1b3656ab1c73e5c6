"""Frames without end, and with little in them: they end their own socket, whatever it was doing."""

import asyncio
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from services.settings import Settings
from tests.client import Json
from tests.protocols.connections.complaints import no_complaints
from tests.protocols.websocket.sockets import INIT, SECONDS, acknowledged, connected, is_well, send, subscribe
from tests.protocols.websocket.stage import Stage, staged

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


FLOODS = {
    "pings": frame(Opcode.PING),
    "long pings": frame(Opcode.PING, b"a" * 125),
    "pongs": frame(Opcode.PONG),
    "empty texts": frame(Opcode.TEXT),
    "messages": frame(Opcode.TEXT, b'{"type":"ping"}'),
    "binary": frame(Opcode.BINARY),
    "large texts": frame(Opcode.TEXT, b'{"type":"pong","payload":{"a":"%s"}}' % (b"a" * 60_000)),
}


async def flood(connection: ClientConnection, raw: bytes) -> None:
    """Until the connection is gone. What comes back is read and thrown away."""
    many = raw * max(1, 100_000 // len(raw))
    async with asyncio.timeout(SECONDS):
        with suppress(ConnectionError):
            while not connection.transport.is_closing():
                connection.transport.write(many)
                await connection.drain()
    await connection.wait_closed()


async def flooded(stage: Stage, raw: bytes, *first: Json) -> None:
    """That a bystander is answered all the while, and afterwards."""
    async with acknowledged(stage.url) as bystander, connected(stage.url) as hostile:
        await send(hostile, *first)
        async with asyncio.TaskGroup() as group:
            flooding = group.create_task(flood(hostile, raw))
            while not flooding.done():
                await (await bystander.ping())
        assert await is_well(bystander)
    await stage.until_alone()


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_ends_its_own_socket(settings: Settings, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with no_complaints(caplog):
        async with staged(settings) as stage:
            await flooded(stage, FLOODS[kind])
            await flooded(stage, FLOODS[kind], INIT, subscribe("1", "subscription { endless }"))


async def test_fragments_without_end(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with no_complaints(caplog):
        async with staged(settings) as stage, acknowledged(stage.url) as bystander:
            async with connected(stage.url) as hostile:
                hostile.transport.write(frame(Opcode.TEXT, fin=False))
                await flood(hostile, frame(Opcode.CONT, fin=False))
                with pytest.raises(ConnectionClosed):
                    await hostile.recv()
            assert await is_well(bystander)


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_after_the_end(settings: Settings, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with no_complaints(caplog):
        async with staged(settings) as stage:
            await flooded(stage, FLOODS[kind], {"type": "nothing"})
