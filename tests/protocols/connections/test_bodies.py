"""A body arrives in time and within its limit; the refusal of one that does not reaches a client that is still sending."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schema.transport.http.body import BodyTooLarge, BodyTooSlow, read_body
from tests.protocols.small_server import PING, application, dripping, given, small_server

SOON = 0.5
LIMIT = 1000
CLOSE = {"Connection": "close"}


async def measure(request: Request) -> Response:
    try:
        body = await read_body(request.receive, LIMIT, SOON, announced=request.headers.get("content-length"))
    except BodyTooLarge as error:
        return PlainTextResponse(str(error.size), status_code=413, headers=CLOSE)
    except BodyTooSlow:
        return PlainTextResponse("slow", status_code=408, headers=CLOSE)
    return PlainTextResponse(str(len(body)))


async def ignore(request: Request) -> Response:
    del request
    return PlainTextResponse("ignored")


APP = application(Route("/measure", measure, methods=["POST"]), Route("/ignore", ignore, methods=["POST"]))


def head(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: here", *fields, "", ""]).encode()


def chunk(size: int) -> bytes:
    return b"%x\r\n%s\r\n" % (size, b"a" * size)


@pytest.mark.parametrize("path", ["/measure", "/ignore"])
@pytest.mark.asyncio
async def test_a_body_within_the_limit_is_read(path: str) -> None:
    async with small_server(APP, given()) as server, server.peer() as peer:
        for message in (
            head(path, f"Content-Length: {LIMIT}") + b"a" * LIMIT,
            head(path, "Transfer-Encoding: chunked") + chunk(LIMIT - 1) + chunk(1) + b"0\r\n\r\n",
            head(path, "Content-Length: 0"),
            head(path),
        ):
            await peer.send(message)
            assert (await peer.reply()).status == 200
        await peer.send(PING)
        assert (await peer.reply()).body == b"pong"


@pytest.mark.asyncio
async def test_an_announced_size_is_refused_unread() -> None:
    async with small_server(APP, given()) as server, server.peer() as peer:
        await peer.send(head("/measure", "Content-Length: 50000000", "Expect: 100-continue"))
        reply = await peer.last_reply()
    assert (reply.status, reply.body) == (413, b"50000000")


@pytest.mark.asyncio
async def test_a_client_that_reads_after_sending_all_gets_its_answer() -> None:
    size = 5_000_000
    async with small_server(APP, given()) as server:
        for path, status in (("/measure", 413), ("/ignore", 200)):
            for connection in ("keep-alive", "close"):
                async with server.peer() as peer:
                    fields = (f"Content-Length: {size}", f"Connection: {connection}")
                    await peer.send(head(path, *fields) + b"a" * size)
                    assert (await peer.reply()).status == status


@pytest.mark.asyncio
async def test_a_body_of_unknown_length_is_measured_while_it_arrives() -> None:
    async with small_server(APP, given()) as server, server.peer() as peer:
        await peer.send(head("/measure", "Transfer-Encoding: chunked") + chunk(LIMIT))
        await peer.send(chunk(1))
        reply = await peer.last_reply()
    assert (reply.status, reply.body) == (413, str(LIMIT + 1).encode())


@pytest.mark.asyncio
async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with small_server(APP, given(receive_seconds=SOON)) as server:
        for framing, drops in (
            (f"Content-Length: {LIMIT}", (b"", b"a")),
            ("Transfer-Encoding: chunked", (b"", chunk(1))),
        ):
            for drop in drops:
                async with server.peer() as peer:
                    await peer.send(head("/measure", framing))
                    assert (await dripping(peer, drop)).startswith(b"HTTP/1.1 408 ")
        assert await server.is_answering()


@pytest.mark.asyncio
async def test_after_an_answer_the_rest_is_not_read_for_ever() -> None:
    async with small_server(APP, given(receive_seconds=SOON)) as server:
        for drop in (b"", chunk(1)):
            async with server.peer() as peer:
                await peer.send(head("/ignore", "Transfer-Encoding: chunked"))
                assert (await peer.reply()).body == b"ignored"
                assert await dripping(peer, drop) == b""
        await server.until_all_have_gone()
