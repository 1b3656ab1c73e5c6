"""The head of a request arrives in time and within bounds, or its connection is closed; others do not notice."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from schema.transport.connections.head_refusals import LARGEST_HEAD_BYTES, MOST_HEADERS
from tests.protocols.small_server import PING, application, dripping, given, small_server

SOON = 0.5
HALVES = (
    b"",
    b"G",
    b"\r\n",
    b"GET /ping HTTP/1.1",
    b"GET /ping HTTP/1.1\r\n",
    b"GET /ping HTTP/1.1\r\nHost: here\r\n",
    b"POST /ping HTTP/1.1\r\nHost: here\r\nContent-Length: 7\r\nX-Half",
    b"GET /ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Ver",
)
PEERS = 320


@pytest.mark.asyncio
async def test_half_sent_heads_go_while_others_are_answered() -> None:
    async with AsyncExitStack() as peers, small_server(application(), given(receive_seconds=2 * SOON)) as server:
        slow = [await peers.enter_async_context(server.peer()) for _ in range(PEERS)]
        for number, peer in enumerate(slow):
            await peer.send(HALVES[number % len(HALVES)])
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(peer.rest()) for peer in slow]
            while not all(end.done() for end in ends):
                assert await server.is_answering()
    for number, end in enumerate(ends):
        assert end.result().startswith(b"HTTP/1.1 408 ") is (HALVES[number % len(HALVES)] != b""), number


@pytest.mark.asyncio
async def test_the_refusal_is_told_as_any_other() -> None:
    async with small_server(application(), given(receive_seconds=SOON)) as server, server.peer() as peer:
        await peer.send(b"GET /ping HTTP/1.1\r\n")
        reply = await peer.last_reply()
    assert (reply.status, reply.code) == (408, "TIMEOUT")
    assert reply.headers["connection"] == "close"
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.asyncio
async def test_a_byte_now_and_then_gains_no_time() -> None:
    async with small_server(application(), given(receive_seconds=SOON)) as server:
        for drop in (b"\r\n", b"a"):
            async with server.peer() as peer:
                assert await dripping(peer, drop) != b""
            async with server.peer() as peer:
                await peer.send(PING)
                assert (await peer.reply()).body == b"pong"
                assert await dripping(peer, drop) != b""


@pytest.mark.asyncio
async def test_an_answer_may_take_its_time() -> None:
    async def slow(request: Request) -> PlainTextResponse:
        del request
        await asyncio.sleep(SOON * 4)
        return PlainTextResponse("at last")

    asked = b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n"
    async with (
        small_server(application(Route("/slow", slow)), given(receive_seconds=SOON)) as server,
        server.peer() as peer,
        server.peer() as hasty,
    ):
        await peer.send(asked)
        await hasty.send(asked + PING[:10])
        for each in (peer, hasty):
            assert (await each.reply()).body == b"at last"
        await peer.send(PING)
        assert (await peer.reply()).body == b"pong"


SHORT = b"a:b\r\n"
TOO_LARGE = (
    b"GET /ping HTTP/1.1\r\n%s\r\n" % (SHORT * 15_000),
    b"GET /ping HTTP/1.1\r\n%s\r\n" % (SHORT * (MOST_HEADERS + 1)),
    b"GET /ping HTTP/1.1\r\n%s" % (SHORT * (MOST_HEADERS + 2)),
    b"GET /ping HTTP/1.1\r\n%s\r\n" % (b"X: %s\r\n" % (b"a" * 507) * (LARGEST_HEAD_BYTES // 512)),
    b"GET /ping HTTP/1.1\r\n%s\r\n" % (b"X-Some: thing\r\n" * (LARGEST_HEAD_BYTES // 10)),
    b"GET /ping?%s HTTP/1.1\r\n\r\n" % (b"a" * LARGEST_HEAD_BYTES),
    b"GET /%s" % (b"a" * LARGEST_HEAD_BYTES),
    b"GET /ping HTTP/1.1\r\nX-Some: %s" % (b"a" * LARGEST_HEAD_BYTES),
    b"GET /ping HTTP/1.1\r\n%s" % (b"a" * LARGEST_HEAD_BYTES),
    b"GET /ping HTTP/1.1\r\n%s\r\n" % (b"X-Some: thing\r\n" * 100_000),
)
NO_HTTP = (b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"G\0T / HTTP/1.1\r\n\r\n")


@pytest.mark.asyncio
async def test_what_is_too_large_or_no_http_is_refused_in_json() -> None:
    async with small_server(application(), given()) as server:
        for status, heads in ((431, TOO_LARGE), (400, NO_HTTP)):
            for head in heads:
                async with server.peer() as peer:
                    await peer.send(head)
                    reply = await peer.last_reply()
                assert (reply.status, reply.code) == (status, "BAD_USER_INPUT"), head[:40]
        assert await server.is_answering()


@pytest.mark.asyncio
async def test_as_many_headers_as_there_may_be() -> None:
    head = b"GET /ping HTTP/1.1\r\n%s\r\n" % (SHORT * MOST_HEADERS)
    async with small_server(application(), given()) as server, server.peer() as peer:
        for _ in range(3):
            await peer.send(head)
            assert (await peer.reply()).status == 200


CHUNKED = b"POST /headers HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


async def headers(request: Request) -> JSONResponse:
    await request.body()
    return JSONResponse(request.headers.keys())


@pytest.mark.asyncio
async def test_headers_after_the_body_are_none() -> None:
    app = application(Route("/headers", headers, methods=["POST"]))
    async with small_server(app, given()) as server, server.peer() as peer:
        await peer.send(CHUNKED + b"Authorization: Bearer x\r\n\r\n")
        assert (await peer.reply()).body == b'["host","transfer-encoding"]'
        await peer.send(PING)
        assert (await peer.reply()).body == b"pong"


@pytest.mark.asyncio
async def test_what_comes_after_the_body_is_not_collected() -> None:
    app = application(Route("/headers", headers, methods=["POST"]))
    async with small_server(app, given()) as server, server.peer() as peer:
        await peer.send(CHUNKED)
        with suppress(ConnectionError):
            await peer.send(b"X: " + b"a" * LARGEST_HEAD_BYTES * 20)
        await server.until_all_have_gone()
