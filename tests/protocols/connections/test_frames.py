"""Frames cost time though they say nothing: who sends too many of them is cut off, and others do not notice."""

import asyncio
from contextlib import suppress

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.frames import Frame, Opcode

from schema.transport.connections.frame_rate import LEAST_FRAMES, FrameRate, frames_for
from schema.transport.connections.websocket import MOST_FRAGMENTS
from services.rates import Rate
from tests.conditions import until
from tests.protocols.connections.complaints import no_complaints
from tests.protocols.small_server import GENEROUS_SECONDS, Peer, application, given, small_server

UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TOO_MANY = b"\x03\xf0Too many frames"
"""The body of a close frame: 1008 and the reason."""
TOO_MANY_FRAGMENTS = b"\x03\xf0Too many fragments"


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def fragments(text: bytes, count: int) -> bytes:
    """A message in so many frames, all but the first and the last of them empty."""
    first, last = frame(Opcode.TEXT, text[:1], fin=False), frame(Opcode.CONT, text[1:])
    return first + frame(Opcode.CONT, fin=False) * (count - 2) + last


PING = frame(Opcode.PING)
FLOODS = {
    "pings": (b"", PING),
    "pongs": (b"", frame(Opcode.PONG)),
    "fragments": (frame(Opcode.TEXT, fin=False), frame(Opcode.CONT, fin=False)),
    "texts": (b"", frame(Opcode.TEXT)),
    "after a farewell": (frame(Opcode.TEXT, b"bye"), PING),
}


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    # The last is uvicorn's for a socket that it closes itself.
    with suppress(WebSocketDisconnect, RuntimeError):
        while (text := await socket.receive_text()) != "bye":
            await socket.send_text(text)
        await socket.close()


APP = application(WebSocketRoute("/echo", echo))


async def opened(peer: Peer) -> None:
    await peer.send(UPGRADE)
    async with asyncio.timeout(GENEROUS_SECONDS):
        assert b" 101 " in await peer.reader.readuntil(b"\r\n\r\n")


async def is_echoed(peer: Peer, message: bytes, text: bytes) -> bool:
    await peer.send(message)
    answer = Frame(Opcode.TEXT, text).serialize(mask=False)
    async with asyncio.timeout(GENEROUS_SECONDS):
        return await peer.reader.readexactly(len(answer)) == answer


async def until_cut_off(peer: Peer, flood: bytes) -> None:
    async with asyncio.timeout(GENEROUS_SECONDS):
        with suppress(ConnectionError):
            while True:
                await peer.send(flood)


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.asyncio
async def test_a_flood_ends_its_own_socket(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    opening, each = FLOODS[kind]
    with no_complaints(caplog):
        async with small_server(APP, given()) as server, server.peer() as bystander:
            await opened(bystander)
            async with server.peer() as hostile, asyncio.TaskGroup() as group:
                await opened(hostile)
                await hostile.send(opening)
                flooding = group.create_task(until_cut_off(hostile, each * 20_000))
                while not flooding.done():
                    assert await is_echoed(bystander, frame(Opcode.TEXT, b"still here"), b"still here")
                    assert await server.is_answering()
            assert await is_echoed(bystander, frame(Opcode.TEXT, b"still here"), b"still here")

            async def is_alone() -> bool:
                return len(server.server.server_state.connections) == 1

            await until(is_alone)


@pytest.mark.asyncio
async def test_the_client_is_told() -> None:
    async with small_server(APP, given()) as server, server.peer() as peer:
        await opened(peer)
        await peer.send(PING * 1000)
        assert (await peer.rest()).endswith(TOO_MANY)
        await server.until_all_have_gone()


@pytest.mark.asyncio
async def test_a_message_comes_in_so_many_fragments() -> None:
    async with small_server(APP, given(socket_messages=Rate(1000, 1))) as server, server.peer() as peer:
        await opened(peer)
        for count in (2, 100, MOST_FRAGMENTS):
            assert await is_echoed(peer, fragments(b"hello", count), b"hello")
        await peer.send(fragments(b"hello", MOST_FRAGMENTS + 1))
        assert (await peer.rest()).endswith(TOO_MANY_FRAGMENTS)
        await server.until_all_have_gone()


@pytest.mark.asyncio
async def test_what_normal_clients_send_is_no_flood() -> None:
    async with small_server(APP, given()) as server, server.peer() as peer:
        await opened(peer)
        for _ in range(100):
            await peer.send(PING + frame(Opcode.PONG))
            async with asyncio.timeout(GENEROUS_SECONDS):
                assert await peer.reader.readexactly(2) == b"\x8a\0"
        for size in (0, 1, 65_000):
            assert await is_echoed(peer, frame(Opcode.TEXT, b"a" * size), b"a" * size)
        assert await is_echoed(peer, fragments(b"hello", 100), b"hello")


@pytest.mark.asyncio
async def test_a_rate_recovers() -> None:
    rate = FrameRate(Rate(1000, 1))
    assert rate.count(1000)
    assert not rate.count(1000)

    async def is_well() -> bool:
        return rate.count(1)

    await until(is_well)


def test_frames_are_allowed_many_times_more_than_messages() -> None:
    assert frames_for(Rate(60, 10)) == Rate(600, 10)
    assert frames_for(Rate(1, 3600)) == Rate(LEAST_FRAMES, 3600)
