"""A handshake that is refused has the answer that any other request would have."""

import asyncio
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.routing import WebSocketRoute

from schema.transport.middleware import middleware
from schema.transport.websocket.transport import NoSocket
from tests.commands import Operator
from tests.conditions import until
from tests.protocols.connections.complaints import no_complaints
from tests.protocols.small_server import Peer, Reply, application, given, small_server

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
async def test_a_page_of_another_site(database_url: str, tmp_path: Path) -> None:
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url})
    with operator.serving("--no-worker") as (url, process):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        with closing(writer):
            reply = await refusal(Peer(reader, writer), "/graphql", "Origin: https://evil.example")
        assert (reply.status, reply.code) == (403, "FORBIDDEN")

        async def is_logged() -> bool:
            return '"status": 403' in process.output()

        await until(is_logged)
        assert '"level": "error"' not in process.output()


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
