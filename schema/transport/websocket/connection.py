"""One accepted socket as texts in both directions, and the one way in which it ends."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from starlette.types import Receive, Send

from schema.transport.json_text import encode
from schema.transport.websocket.messages import CloseCode, Message

LONGEST_REASON_BYTES = 123
"""What a close frame has room for beside its code."""


class SocketEnded(Exception):
    """The socket is over: to be closed with this code, or gone already when there is none."""

    def __init__(self, code: CloseCode | None = None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class SocketConnection:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._one_writer = asyncio.Lock()
        self._has_ended = asyncio.Event()
        self._ending: SocketEnded | None = None

    async def accept(self, subprotocol: str | None) -> None:
        """Raises SocketEnded."""
        await self._tell({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})

    async def receive(self) -> str:
        """The next message. Raises SocketEnded, also while there are some."""
        if self._ending is not None:
            raise self._ending
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise self._gone()
        text: str | None = message.get("text")
        if text is None:
            raise self.end(CloseCode.BAD_REQUEST, "Only text frames are taken.")
        return text

    async def send(self, message: Message) -> None:
        """Returns when the server has taken it, which may be when a slow client has read. Raises SocketEnded.

        Raises ValueError or RecursionError for what JSON cannot say.
        """
        text = encode(message).decode()
        async with self._one_writer:
            if self._ending is not None:
                raise self._ending
            await self._tell({"type": "websocket.send", "text": text})

    def end(self, code: CloseCode, reason: str) -> SocketEnded:
        """Let nothing more be sent or received, and `ended` raise; the first one to do so decides why. Answers what to raise."""
        return self._end(SocketEnded(code, reason))

    async def ended(self) -> NoReturn:
        """Wait until somebody calls `end`, or the client has gone. Raises SocketEnded."""
        await self._has_ended.wait()
        raise self._ending or SocketEnded

    async def close(self, code: CloseCode | None = None, reason: str = "") -> None:
        """Tell the client why, as `end` said or as is said here. Waits until a slow one has read what came before.

        Nothing is left to be done for a client that has gone.
        """
        if code is not None:
            self.end(code, reason)
        async with self._one_writer:
            if self._ending is not None and self._ending.code is not None:
                code, reason = self._ending.code, short_reason(self._ending.reason)
                with suppress(SocketEnded):
                    await self._tell({"type": "websocket.close", "code": int(code), "reason": reason})

    async def _tell(self, message: Mapping[str, object]) -> None:
        try:
            await self._send(dict(message))
        except (OSError, RuntimeError):
            # The first by the ASGI specification, when the client has gone; the second is uvicorn's for a socket that it
            # is closing itself, such as after a ping without an answer.
            raise self._gone() from None

    def _gone(self) -> SocketEnded:
        return self._end(SocketEnded())

    def _end(self, ending: SocketEnded) -> SocketEnded:
        if self._ending is None:
            self._ending = ending
        self._has_ended.set()
        return self._ending


def short_reason(text: str) -> str:
    """As much of it as a close frame can hold."""
    # It may repeat what the client sent, and so hold halves of surrogate pairs.
    return text.encode(errors="replace")[:LONGEST_REASON_BYTES].decode(errors="ignore")
