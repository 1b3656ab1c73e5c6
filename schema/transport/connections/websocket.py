"""What uvicorn's websockets lack: a limit to frames, refusals in JSON, and an end for clients that stop reading.

It leans on the insides of uvicorn and of the websockets library.
"""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

import structlog
from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from schema.transport.connections.frame_rate import FrameRate
from schema.transport.connections.head_refusals import MALFORMED, Refusal
from schema.transport.connections.protocols import Deadlines
from schema.transport.connections.stalls import SendStall
from services.rates import Rate

PIECE_BYTES = 1024
"""Of what a websocket sends, to be parsed before it is asked again whether that is too much: 170 frames at most."""
MOST_FRAGMENTS = 200
"""Of one message; each is kept until the last has come, also when there is nothing in it."""
MOST_BYTES_AFTER_CLOSE = 1024 * 1024
"""That a client may still have on their way when it is told that the socket is closed."""
HANDSHAKE_HEADERS = frozenset({"allow", "upgrade"})
"""That say what a client should have sent."""

logger = structlog.get_logger()


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Counts what is sent to it frame by frame: the application only sees whole messages, and those come too late."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        deadlines: Deadlines,
        frames: Rate,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadlines = deadlines
        self._rate = FrameRate(frames)
        self._bytes_after_close = 0
        self.close_timeout = deadlines.linger_seconds  # for the client's half of the closing handshake
        self._stall: SendStall | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._stall = SendStall(self.transport, self._deadlines.send_stall_seconds, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._stall is not None:
            self._stall.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            self._take_head(data)
            return
        if self.close_sent:
            self._bytes_after_close += len(data)
            if self._bytes_after_close > MOST_BYTES_AFTER_CLOSE:
                self.transport.abort()
        for start in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + PIECE_BYTES])

    def resume_writing(self) -> None:
        if self._stall is not None:
            self._stall.moved()
        super().resume_writing()

    def handle_connect(self, event: Request) -> None:
        answer = self.conn.accept(event)
        if answer.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            super().handle_connect(event)
            return
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        status = HTTPStatus(answer.status_code)
        headers = [(b"Sec-WebSocket-Version", b"13")]
        headers += [
            (name.encode(), value.encode())
            for name, value in answer.headers.raw_items()
            if name.lower() in HANDSHAKE_HEADERS
        ]
        self._refuse(Refusal(status, f"This is no websocket handshake: {self.conn.handshake_exc}."), headers)

    def handle_events(self) -> None:
        if self._rate.count(len(self.conn.events)):
            super().handle_events()
        else:
            self._fail("Too many frames")

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MOST_FRAGMENTS:
            super().handle_cont(event)
        elif not self.transport.is_closing():
            self._fail("Too many fragments")

    def handle_ping(self) -> None:
        if self.writable.is_set() and not self.transport.is_closing():
            super().handle_ping()
        else:
            # Its answer would only wait in memory, for a client that does not read.
            self.conn.data_to_send()

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is not None and self.writable.is_set():
            super().handle_parser_exception()
        else:
            # Why cannot be told: the handshake has no answer yet, or the client does not read.
            self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # Or uvicorn would log that the application has not answered.
            self.handshake_complete = True

    def _take_head(self, head: bytes) -> None:
        """The first that comes, and always whole."""
        super().data_received(head)
        if not self.handshake_initiated and not self.transport.is_closing():
            # The websockets library could make nothing of it, and now nothing more would happen.
            self._refuse(MALFORMED)

    def _fail(self, reason: str) -> None:
        """Close at once: what else has come is not parsed, and the client's half of the closing handshake not awaited."""
        logger.info("connection.failed", reason=reason)
        self.conn.fail(CloseCode.POLICY_VIOLATION, reason)
        self.handle_parser_exception()

    def _refuse(self, refusal: Refusal, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Instead of a handshake."""
        logger.info("connection.refused", status=refusal.status)
        self.transport.write(refusal.answer([*self.default_headers, *headers]))
        self.transport.close()
