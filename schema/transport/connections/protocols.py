"""What uvicorn's connections lack: deadlines for what clients send and take, and a word to streams at shutdown.

This module and `websocket` are the only ones that lean on the insides of uvicorn.
"""

import asyncio
from dataclasses import dataclass
from typing import NoReturn

import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from schema.transport.connections.head_refusals import (
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    LARGEST_HEAD_BYTES,
    MALFORMED,
    MOST_HEADERS,
    Refusal,
)
from schema.transport.connections.stalls import SendStall

LONGEST_LINGER_SECONDS = 3.0
"""How long the rest of a request may take after its answer; closing before would take the answer from the client."""
SEPARATORS_BYTES = len(": \r\n")
SHUTDOWN = "vidwiz.shutdown"
"""Under this name the `extensions` of a scope hold an asyncio.Event, set when the server begins to shut down."""
BREAK_OFF = "vidwiz.break_off"
"""Under this name they hold a function that closes the connection, for an answer that is to be seen as unfinished."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    receive_seconds: float
    send_stall_seconds: float

    @property
    def linger_seconds(self) -> float:
        return min(self.receive_seconds, LONGEST_LINGER_SECONDS)


class HeadTooLarge(Exception):
    pass


class AnswerTransport(asyncio.Transport):
    """The transport as the answer to one request sees it: to close it is to end the connection in good order."""

    def __init__(self, connection: "HttpConnection") -> None:
        super().__init__()
        self._connection = connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        return self._connection.transport.is_closing()

    def close(self) -> None:
        self._connection.end()


class HttpConnection(HttpToolsProtocol):
    """A deadline runs whenever the next bytes are the client's to send and no application waits for them."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        deadlines: Deadlines,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadlines = deadlines
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: SendStall | None = None
        self._shutdown = asyncio.Event()
        self._newest: RequestResponseCycle | None = None
        self._refusal = MALFORMED
        self._pending_bytes = 0  # that have come since the parser last got something whole out of them
        self._head_bytes = 0  # of the headers that have been parsed
        self._expects_body = False
        self._is_over = False  # for requests: what still comes is thrown away, or another's

    @property
    def _is_answering(self) -> bool:
        return self._newest is not None and not self._newest.response_complete

    @property
    def _awaits_request(self) -> bool:
        return not (self._is_answering or self._is_over or self.transport.is_closing())

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._stall = SendStall(transport, self._deadlines.send_stall_seconds, self.loop)
        self._start_deadline(self._deadlines.receive_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._pending_bytes += len(data)
        super().data_received(data)
        # Whole heads are measured by on_headers_complete. This one is not whole, or it is the end of a chunked body.
        if self._pending_bytes > LARGEST_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)
        elif self._awaits_request:
            self._start_deadline(self._deadlines.receive_seconds)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        # uvicorn types an extension as a dict.
        self.scope["extensions"] = {SHUTDOWN: self._shutdown, BREAK_OFF: self.transport.close}  # type: ignore[dict-item]

    def on_header(self, name: bytes, value: bytes) -> None:
        # uvicorn would add what comes after a chunked body to the headers, which the application has judged by then.
        if self._expects_body:
            return
        self._head_bytes += len(name) + len(value) + SEPARATORS_BYTES
        if len(self.headers) == MOST_HEADERS or self._head_bytes > LARGEST_HEAD_BYTES:
            self._give_up_head()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.url) + self._head_bytes > LARGEST_HEAD_BYTES:
            self._give_up_head()
        before = self.cycle
        super().on_headers_complete()
        self._pending_bytes = 0
        self._expects_body = True
        if self.cycle is not before:
            self._newest = self.cycle
            self._newest.transport = AnswerTransport(self)
            self._stop_deadline()

    def on_body(self, body: bytes) -> None:
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._pending_bytes = 0
        self._expects_body = False
        if not self._is_answering:
            self._stop_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._expects_body and not self._is_answering:
            self._start_deadline(self._deadlines.linger_seconds)

    def handle_websocket_upgrade(self) -> None:
        if self._is_answering:
            # To a client that did not wait for its answer; the socket would write into it.
            self.transport.close()
            return
        self._is_over = True
        self._stop_watching()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(self._refusal)

    def resume_writing(self) -> None:
        if self._stall is not None:
            self._stall.moved()
        super().resume_writing()

    def shutdown(self) -> None:
        self._shutdown.set()
        super().shutdown()

    def end(self) -> None:
        """Closes the connection. A client still sending gets the time to stop, or it could not read our answer."""
        if not self._expects_body or self._is_over:
            self.transport.close()
        else:
            self._linger()

    def _give_up_head(self) -> NoReturn:
        self._refusal = HEAD_TOO_LARGE
        raise HeadTooLarge  # the parser's way out: uvicorn then calls send_400_response

    def _linger(self) -> None:
        self._is_over = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._stop_deadline()
        self._start_deadline(self._deadlines.linger_seconds)

    def _refuse(self, refusal: Refusal) -> None:
        if self._is_over or self.transport.is_closing():
            return
        if self._is_answering:
            # An answer has begun, or is about to, and nothing may get in between.
            self.transport.close()
            return
        logger.info("connection.refused", status=refusal.status)
        self.transport.write(refusal.answer(self.server_state.default_headers))
        self._linger()

    def _start_deadline(self, seconds: float) -> None:
        """Does nothing when one runs: more bytes do not move it."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._expire)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_watching(self) -> None:
        self._stop_deadline()
        if self._stall is not None:
            self._stall.stop()

    def _expire(self) -> None:
        self._deadline = None
        if not self._is_over and self._is_answering:
            # The late request is the one after: its turn has not come.
            self._start_deadline(self._deadlines.receive_seconds)
        elif self._is_over or self._expects_body or self._pending_bytes == 0:
            self.transport.close()
        else:
            self._refuse(HEAD_TOO_SLOW)
