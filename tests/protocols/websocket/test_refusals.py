"""A handshake that is refused has the answer that any other request would have."""

import asyncio
from contextlib import closing

import pytest
from starlette.routing import WebSocketRoute
from structlog.testing import capture_logs

from schema.transport.middleware import middleware
from schema.transport.websocket.transport import NoSocket
from services.settings import Settings
from tests.conditions import until
from tests.protocols.connections.complaints import no_complaints
from tests.protocols.small_server import Peer, Reply, application, given, small_server
from tests.protocols.websocket.stage import staged

HANDSHAKE = (
    "Host: here",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol: graphql-transport-ws",
    "X-Request-ID: mine",
)


async def refusal(peer: Peer, path: str, *fields: str) -> Reply:
    await peer.send("\r\n".join([f"GET {path} HTTP/1.1", *HANDSHAKE, *fields, "", ""]).encode())
    reply = await peer.last_reply()
    assert reply.headers["x-request-id"] == "mine"
    assert reply.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert reply.headers["x-content-type-options"] == "nosniff"
    return reply


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_page_of_another_site(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with no_complaints(caplog):
        async with staged(settings) as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.url.rpartition(":")[2]))
            with closing(writer), capture_logs() as logged:

                async def is_logged() -> bool:
                    return [line["status"] for line in logged if line["event"] == "request.ended"] == [403]

                reply = await refusal(Peer(reader, writer), "/graphql", "Origin: https://evil.example")
                await until(is_logged)
            assert (reply.status, reply.code) == (403, "FORBIDDEN")
            await stage.until_alone()


@pytest.mark.asyncio
async def test_an_address_without_a_socket(caplog: pytest.LogCaptureFixture) -> None:
    settings = given()
    app = application(WebSocketRoute("/{path:path}", NoSocket()), middleware=middleware(settings))
    with no_complaints(caplog):
        async with small_server(app, settings) as server:
            for path in ("/", "/ping", "/nothing", "/graphql/"):
                async with server.peer() as peer:
                    reply = await refusal(peer, path)
                assert (reply.status, reply.code) == (404, "NOT_FOUND")
            assert await server.is_answering()
            async with server.peer() as peer:
                await peer.send(b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n")
                assert (await peer.reply()).status == 404
