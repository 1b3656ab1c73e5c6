"""A stream in the hands of a test, and a server for nothing but it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.transport.connections.protocols import SHUTDOWN
from schema.transport.last_resort import LastResort
from schema.transport.pipeline import Payload
from schema.transport.request_log import RequestLog
from schema.transport.streams.event_stream import event_stream_response
from schema.transport.streams.multipart import multipart_response
from schema.transport.streams.response import StreamResponse
from tests.conditions import until
from tests.servers.ports import free_port

RESPONSES = {"sse": event_stream_response, "multipart": multipart_response}
PATIENCE_SECONDS = 3600.0
"""Between heartbeats that a test shall not see."""


@dataclass(slots=True)
class Source:
    """Payloads as the test puts them there; None is the end, and an exception is raised."""

    queue: asyncio.Queue[Payload | Exception | None] = field(default_factory=asyncio.Queue[Payload | Exception | None])
    taken: int = 0
    is_closed: bool = False

    def put(self, *payloads: Payload | Exception | None) -> None:
        for payload in payloads:
            self.queue.put_nowait(payload)

    async def payloads(self) -> AsyncGenerator[Payload]:
        try:
            while (payload := await self.queue.get()) is not None:
                if isinstance(payload, Exception):
                    raise payload
                self.taken += 1
                yield payload
        finally:
            self.is_closed = True

    async def flood(self, text: str) -> AsyncGenerator[Payload]:
        """As much as is taken."""
        try:
            while True:
                self.taken += 1
                yield {"data": text}
                await asyncio.sleep(0)
        finally:
            self.is_closed = True

    async def until_closed(self) -> None:
        async def is_closed() -> bool:
            return self.is_closed

        await until(is_closed)


@dataclass(slots=True)
class Stage:
    """The server's side: what it sends, and whether its answers have come to their end."""

    respond: Callable[[], StreamResponse]
    shutdown: asyncio.Event | None = None
    port: int = 0
    running: int = 0
    sends: int = 0
    is_sending: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            self.sends += 1
            self.is_sending = True
            await send(message)
            self.is_sending = False

        if self.shutdown is not None:
            scope.setdefault("extensions", {})[SHUTDOWN] = self.shutdown
        self.running += 1
        try:
            await self.respond()(scope, receive, counted)
        finally:
            self.running -= 1

    async def until_idle(self) -> None:
        async def is_idle() -> bool:
            return self.running == 0

        await until(is_idle)

    async def until_blocked(self) -> None:
        """Until one and the same message has been on its way at many looks in a row."""
        looks: list[int] = []

        async def is_blocked() -> bool:
            looks.append(self.sends if self.is_sending else -len(looks))
            return len(looks) > 20 and len(set(looks[-20:])) == 1

        await until(is_blocked, seconds=30)


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncGenerator[uvicorn.Server]:
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=free_port(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            # A stream that does not end shall fail its test, and not hold it up for ever.
            timeout_graceful_shutdown=1,
        )
    )

    async def started() -> bool:
        return server.started or serving.done()

    serving = asyncio.create_task(server.serve())  # noqa: TID251  awaited below whatever happens
    try:
        await until(started)
        yield server
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def staged(
    form: str,
    payloads: Callable[[], AsyncGenerator[Payload]],
    *,
    heartbeat_seconds: float = PATIENCE_SECONDS,
    shutdown: asyncio.Event | None = None,
) -> AsyncGenerator[Stage]:
    respond = RESPONSES[form]
    stage = Stage(lambda: respond(payloads(), heartbeat_seconds=heartbeat_seconds), shutdown=shutdown)
    async with listening(RequestLog(LastResort(stage))) as server:
        stage.port = server.config.port
        yield stage
