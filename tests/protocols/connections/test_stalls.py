"""A client that does not read is cut off, costs little memory until then, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from schema.transport.streams.event_stream import event_stream_response
from schema.transport.streams.multipart import multipart_response
from tests.conditions import until
from tests.protocols.connections.complaints import no_complaints
from tests.protocols.small_server import GENEROUS_SECONDS, application, given, small_server

SOON = 0.3
MESSAGES = 200_000
MESSAGE = "a" * 1000
BUFFERED = 200
"""Messages of a thousand bytes, at most: what the transport, the kernel and the client hold together."""
GET = b"GET %s HTTP/1.1\r\nHost: here\r\n\r\n"
UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
MASKED_PING = b"\x89\x80\0\0\0\0"


@dataclass(slots=True)
class Producer:
    """Makes messages as long as somebody takes them."""

    made: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def payloads(self) -> AsyncGenerator[dict[str, object]]:
        try:
            while self.made < MESSAGES:
                self.made += 1
                yield {"data": MESSAGE}
                await asyncio.sleep(0)
        finally:
            self.ended.set()

    async def events(self, request: Request) -> Response:
        del request
        return event_stream_response(self.payloads(), heartbeat_seconds=60)

    async def parts(self, request: Request) -> Response:
        del request
        return multipart_response(self.payloads(), heartbeat_seconds=60)

    async def frames(self, socket: WebSocket) -> None:
        await socket.accept()
        async with aclosing(self.payloads()) as payloads:
            with suppress(WebSocketDisconnect):
                async for payload in payloads:
                    await socket.send_json(payload)

    @property
    def routes(self) -> list[BaseRoute]:
        return [Route("/events", self.events), Route("/parts", self.parts), WebSocketRoute("/frames", self.frames)]


@pytest.mark.parametrize("opening", [GET % b"/events", GET % b"/parts", UPGRADE % b"/frames"])
@pytest.mark.asyncio
async def test_a_subscriber_that_never_reads_is_cut_off(opening: bytes, caplog: pytest.LogCaptureFixture) -> None:
    producer = Producer()
    app = application(*producer.routes)
    with no_complaints(caplog):
        async with small_server(app, given(send_stall_seconds=SOON)) as server, server.deaf_peer(opening):
            async with asyncio.timeout(GENEROUS_SECONDS):
                await producer.ended.wait()
            assert producer.made < BUFFERED
            await server.until_all_have_gone()
            assert await server.is_answering()


async def answer(request: Request) -> Response:
    return PlainTextResponse("a" * int(request.query_params["size"]))


@pytest.mark.parametrize("fields", [b"", b"Connection: close\r\n"])
@pytest.mark.parametrize("size", [30_000, 1_000_000])
@pytest.mark.asyncio
async def test_an_answer_that_nobody_reads_is_given_up(
    size: int, fields: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    asked = b"GET /answer?size=%d HTTP/1.1\r\nHost: here\r\n%s\r\n" % (size, fields)
    app = application(Route("/answer", answer))
    with no_complaints(caplog):
        async with small_server(app, given(send_stall_seconds=SOON)) as server, server.deaf_peer(asked) as peer:
            await server.until_all_have_gone()
            assert peer.fileno() >= 0


@pytest.mark.asyncio
async def test_a_slow_reader_gets_all() -> None:
    asked = b"GET /answer?size=200000 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    app = application(Route("/answer", answer))
    async with small_server(app, given(send_stall_seconds=2)) as server, server.deaf_peer(asked) as peer:
        loop = asyncio.get_running_loop()
        got = b""
        while part := await loop.sock_recv(peer, 4096):
            got += part
            await asyncio.sleep(0.03)
    assert got.count(b"a" * 200_000) == 1


async def farewell(socket: WebSocket) -> None:
    await socket.accept()
    for _ in range(30):
        await socket.send_text(MESSAGE)
    await socket.close()


@pytest.mark.asyncio
async def test_a_farewell_that_nobody_reads_holds_no_socket(caplog: pytest.LogCaptureFixture) -> None:
    app = application(WebSocketRoute("/frames", farewell))
    with no_complaints(caplog):
        async with (
            small_server(app, given(send_stall_seconds=SOON)) as server,
            server.deaf_peer(UPGRADE % b"/frames"),
        ):
            await server.until_all_have_gone()


@pytest.mark.asyncio
async def test_pongs_do_not_pile_up_for_who_does_not_read() -> None:
    producer = Producer()
    async with (
        small_server(application(*producer.routes), given(send_stall_seconds=60)) as server,
        server.deaf_peer(UPGRADE % b"/frames") as peer,
    ):

        async def is_full() -> bool:
            made = producer.made
            await asyncio.sleep(0.1)
            return 0 < made == producer.made

        await until(is_full)
        before = server.unsent_bytes
        await asyncio.get_running_loop().sock_sendall(peer, MASKED_PING * 100_000)
        assert server.unsent_bytes == before > 0
