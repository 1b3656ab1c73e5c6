"""Applications of a few lines under the server that operators run, and peers that speak to them in bytes."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from schema.transport.connections.options import server_options
from schema.transport.last_resort import LastResort
from schema.transport.request_log import RequestLog
from services.settings import Settings
from tests.client import Json
from tests.conditions import until
from tests.settings import settings_for

GENEROUS_SECONDS = 20.0
LITTLE_BYTES = 4096
"""Of buffer at either side: the kernel's own would hold all that these tests send."""
PING = b"GET /ping HTTP/1.1\r\nHost: here\r\n\r\n"


async def ping(request: Request) -> PlainTextResponse:
    del request
    return PlainTextResponse("pong")


def application(
    *routes: BaseRoute, middleware: Sequence[Middleware] = (Middleware(RequestLog), Middleware(LastResort))
) -> Starlette:
    """With /ping for bystanders."""
    return Starlette(routes=[Route("/ping", ping), *routes], middleware=middleware)


def given(**changes: object) -> Settings:
    """For servers without a database."""
    return settings_for("sqlite:///unused.db", Path("unused"), **changes)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Of the one error in a body of JSON that goes with the headers."""
        assert self.headers["content-type"].startswith("application/json")
        answer: Json = json.loads(self.body)
        (error,) = answer["errors"]
        assert error["extensions"]["requestId"] == self.headers["x-request-id"]
        code: str = error["extensions"]["code"]
        return code


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self) -> Reply:
        """The next one; the connection stays."""
        async with asyncio.timeout(GENEROUS_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            reply = _reply(head)
            body = await self.reader.readexactly(int(reply.headers["content-length"]))
        return Reply(reply.status, reply.headers, body)

    async def rest(self) -> bytes:
        """All until the server closes. Raises TimeoutError when it does not."""
        async with asyncio.timeout(GENEROUS_SECONDS):
            return await self.reader.read()

    async def last_reply(self) -> Reply:
        head, _, body = (await self.rest()).partition(b"\r\n\r\n")
        reply = _reply(head)
        return Reply(reply.status, reply.headers, body)


async def dripping(peer: Peer, drop: bytes) -> bytes:
    """What comes back, until the server closes, while this is sent again and again with a little pause."""

    async def rest() -> bytes:
        try:
            return await peer.rest()
        except ConnectionResetError:
            return b""  # closed while more was on its way

    async with asyncio.TaskGroup() as group:
        end = group.create_task(rest())
        while not end.done():
            peer.writer.write(drop)
            await asyncio.sleep(0.02)
    return end.result()


@dataclass(frozen=True, slots=True)
class SmallServer:
    server: uvicorn.Server
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def unsent_bytes(self) -> int:
        """Of answers, in the server's own memory."""
        return sum(each.transport.get_write_buffer_size() for each in self.server.server_state.connections)

    @asynccontextmanager
    async def peer(self) -> AsyncGenerator[Peer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with closing(writer):
            yield Peer(reader, writer)

    @asynccontextmanager
    async def deaf_peer(self, data: bytes) -> AsyncGenerator[socket.socket]:
        """A connection on which this is sent and from which nothing is read."""
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE_BYTES)
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, ("127.0.0.1", self.port))
            await loop.sock_sendall(connection, data)
            await until(self._has_connections)
            yield connection

    async def is_answering(self) -> bool:
        async with self.peer() as bystander:
            await bystander.send(PING)
            return (await bystander.reply()).body == b"pong"

    async def until_all_have_gone(self) -> None:
        async def gone() -> bool:
            return not await self._has_connections()

        await until(gone, seconds=GENEROUS_SECONDS)

    async def _has_connections(self) -> bool:
        return len(self.server.server_state.connections) > 0


@asynccontextmanager
async def small_server(app: ASGIApp, settings: Settings) -> AsyncGenerator[SmallServer]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LITTLE_BYTES)
        server = uvicorn.Server(uvicorn.Config(app, **server_options(settings)))

        async def started() -> bool:
            return server.started or running.done()

        running = asyncio.create_task(server.serve(sockets=[listener]))  # noqa: TID251  awaited below whatever happens
        try:
            await until(started)
            yield SmallServer(server, listener.getsockname()[1])
        finally:
            server.should_exit = True
            await running


def _reply(head: bytes) -> Reply:
    status, *fields = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (field.partition(":") for field in fields)
    return Reply(int(status.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}, b"")
