"""What is no handshake of a websocket is refused as any other request, and its connection closed."""

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from tests.protocols.connections.complaints import no_complaints
from tests.protocols.small_server import application, given, small_server

HEAD = b"%s /ping HTTP/1.1\r\nHost: here\r\n%sConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
NONE = (
    (b"GET", b"", 400),
    (b"GET", KEY, 400),
    (b"GET", VERSION, 400),
    (b"GET", KEY + b"Sec-WebSocket-Version: 12\r\n", 400),
    (b"GET", KEY + VERSION * 2, 400),
    (b"GET", KEY * 2 + VERSION, 400),
    (b"GET", b"Sec-WebSocket-Key: short\r\n" + VERSION, 400),
    (b"GET", b'Sec-WebSocket-Key: "\xff\xfe\r\n' + VERSION, 400),
    (b"GET", KEY + VERSION + b"Upgrade: soap\r\n", 426),
    (b"GET", KEY + VERSION + b"Content-Length: 7\r\n", 400),
    (b"GET", KEY + VERSION + b"X: %s\r\n" % (b"y" * 20_000), 400),
    (b"GET", KEY + VERSION + b"X: y\r\n" * 200, 431),
    (b"POST", KEY + VERSION, 405),
)


@pytest.mark.parametrize(("method", "fields", "status"), NONE)
@pytest.mark.asyncio
async def test_what_is_no_handshake(
    method: bytes, fields: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with small_server(application(), given()) as server, server.peer() as peer:
        await peer.send(HEAD % (method, fields))
        reply = await peer.last_reply()
        assert (reply.status, reply.code) == (status, "BAD_USER_INPUT")
        assert reply.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert reply.headers["connection"] == "close"
        await server.until_all_have_gone()
        assert await server.is_answering()
    assert "Traceback" not in caplog.text


@pytest.mark.asyncio
async def test_a_refusal_says_what_should_have_been_sent() -> None:
    async with small_server(application(), given()) as server:
        for method, fields, name, value in (
            (b"GET", KEY + b"Sec-WebSocket-Version: 12\r\n", "sec-websocket-version", "13"),
            (b"GET", KEY + VERSION + b"Upgrade: soap\r\n", "upgrade", "websocket"),
            (b"POST", KEY + VERSION, "allow", "GET"),
        ):
            async with server.peer() as peer:
                await peer.send(HEAD % (method, fields))
                assert (await peer.last_reply()).headers[name] == value


@pytest.mark.asyncio
async def test_a_refusal_of_the_application(caplog: pytest.LogCaptureFixture) -> None:
    class Refusing:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await JSONResponse({"host": HTTPConnection(scope).headers["host"]}, 403)(scope, receive, send)

    app = application(WebSocketRoute("/ping", Refusing()))
    with no_complaints(caplog):
        async with small_server(app, given()) as server, server.peer() as peer:
            await peer.send(HEAD % (b"GET", KEY + VERSION))
            reply = await peer.last_reply()
            await server.until_all_have_gone()
    assert (reply.status, reply.body) == (403, b'{"host":"here"}')
    assert reply.headers["x-request-id"]
    assert reply.headers["referrer-policy"] == "strict-origin-when-cross-origin"
