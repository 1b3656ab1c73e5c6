"""What the streams over HTTP share, however they are framed: heartbeats, and an end in time whoever goes away."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from schema.transport.coded_errors import coded_error
from schema.transport.connections.protocols import BREAK_OFF
from schema.transport.departures import gone, shutdown_of
from schema.transport.json_text import encode
from schema.transport.pipeline import Payload
from schema.transport.request_log import request_id_of
from services.supervision import TICK, with_ticks

# What keeps proxies, those of development servers too, from holding a stream back until it has ended.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """One protocol on the wire. JSON is handed to it in one line of UTF-8."""

    content_type: str
    opening: bytes
    """Sent at once, so that a client sees the answer begin."""
    heartbeat: bytes
    payload: Callable[[bytes], bytes]
    ending: bytes
    failure: Callable[[bytes], bytes]
    """The last bytes of a stream that cannot go on, from the error."""
    tells_of_shutdown: bool
    """Whether a server that shuts down says so; if not, it leaves the answer unfinished."""


async def single(payload: Payload) -> AsyncGenerator[Payload]:
    """For what has one answer: a query, a mutation, or a subscription that was refused."""
    yield payload


class StreamResponse(Response):
    """Payloads in a framing, each sent when the client has taken what came before it.

    However it ends, the generator has been closed by then: at its own end, when the client goes away, be it while we
    wait for it to read, when the server shuts down, or when the call is cancelled.
    """

    def __init__(
        self,
        framing: Framing,
        payloads: AsyncGenerator[Payload],
        *,
        heartbeat_seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # Not Response.__init__, which would announce the length of a body.
        self.status_code = 200
        self.background = None
        self.init_headers({**(headers or {}), **HEADERS, "Content-Type": framing.content_type})
        self._framing = framing
        self._payloads = payloads
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shutdown = shutdown_of(scope)
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(self._deliver(scope, send))
            watching = [group.create_task(gone(receive)), group.create_task(_begun(shutdown))]
            tasks = {delivering, *watching}
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        if delivering.cancelled() and shutdown.is_set():
            await self._end_early(scope, receive, send)

    async def _end_early(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._framing.tells_of_shutdown:
            error = _error("The server shuts down. Subscribe again.", "SERVER_SHUTDOWN", scope)
            with suppress(ClientDisconnect):
                await _write(send, self._framing.failure(error), more=False)
        elif BREAK_OFF in scope["extensions"]:
            scope["extensions"][BREAK_OFF]()
            await gone(receive)

    async def _deliver(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._payloads):
            with suppress(ClientDisconnect):
                await _send(
                    send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                await _write(send, self._framing.opening)
                await _write(send, await self._deliver_payloads(scope, send), more=False)

    async def _deliver_payloads(self, scope: Scope, send: Send) -> bytes:
        """What is still to be sent after the last one."""
        try:
            async with aclosing(with_ticks(self._payloads, self._heartbeat_seconds)) as beats:
                async for beat in beats:
                    frame = self._framing.heartbeat if beat is TICK else self._framing.payload(encode(beat))
                    await _write(send, frame)
        except ClientDisconnect:
            raise
        except Exception:
            # The status has been sent, so that only the stream itself can tell.
            logger.exception("request.failed")
            return self._framing.failure(_error("Something went wrong on our side.", "INTERNAL_SERVER_ERROR", scope))
        return self._framing.ending


async def _begun(shutdown: asyncio.Event) -> None:
    await shutdown.wait()


async def _write(send: Send, body: bytes, *, more: bool = True) -> None:
    await _send(send, {"type": "http.response.body", "body": body, "more_body": more})


async def _send(send: Send, message: Message) -> None:
    """Waits while the client does not read. Raises ClientDisconnect, where the server tells that it has gone."""
    try:
        await send(message)
    except OSError:
        raise ClientDisconnect from None


def _error(message: str, code: str, scope: Scope) -> bytes:
    return encode(coded_error(message, code, request_id_of(scope)))
