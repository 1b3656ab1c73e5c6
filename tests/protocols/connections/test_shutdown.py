"""At shutdown the server tells streams, lets answers end, and closes what is idle or half-sent at once."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from schema.transport.connections.protocols import SHUTDOWN
from tests.protocols.small_server import PING, application, given, small_server


async def until_shutdown(request: Request) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield b"begun"
        shutdown: asyncio.Event = request.scope["extensions"][SHUTDOWN]
        await shutdown.wait()
        yield b"ended"

    return StreamingResponse(body())


APP = application(Route("/until-shutdown", until_shutdown))


@pytest.mark.asyncio
async def test_streams_are_told(caplog: pytest.LogCaptureFixture) -> None:
    async with small_server(APP, given(shutdown_seconds=60)) as server, server.peer() as stream:
        await stream.send(b"GET /until-shutdown HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b"begun" in await stream.reader.readuntil(b"begun")
        async with server.peer() as idle, server.peer() as late, server.peer() as silent:
            await idle.send(PING)
            await idle.reply()
            await late.send(PING[:9])
            assert await server.is_answering()
            server.server.should_exit = True
            assert await idle.rest() == await late.rest() == await silent.rest() == b""
        assert (await stream.rest()).endswith(b"5\r\nended\r\n0\r\n\r\n")
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
