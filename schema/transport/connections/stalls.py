"""Notices a client that no longer takes what it is sent, and cuts it off."""

import asyncio

import structlog

LOOKS = 6
"""In the time that a client may stall; it is cut off at most one of them late."""

logger = structlog.get_logger()


class SendStall:
    """Watches one transport until stopped; also one that is closing, which would wait for its peer for ever.

    The transport's own pausing tells too little: it begins at 64 KiB, and most answers are smaller.
    """

    def __init__(self, transport: asyncio.Transport, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._seconds = seconds
        self._loop = loop
        self._unsent = 0
        self._moved = loop.time()
        self._next_look = loop.call_later(seconds / LOOKS, self._look)

    def moved(self) -> None:
        """To be told when the transport has sent most of what it held: what it holds next may be as much again."""
        self._moved = self._loop.time()

    def stop(self) -> None:
        self._next_look.cancel()

    def _look(self) -> None:
        unsent = self._transport.get_write_buffer_size()
        if unsent == 0 or unsent < self._unsent:
            self.moved()
        self._unsent = unsent
        if self._loop.time() - self._moved >= self._seconds:
            logger.info("connection.stalled", unsent_bytes=unsent)
            # Not close(), which waits until everything is sent.
            self._transport.abort()
        else:
            self._next_look = self._loop.call_later(self._seconds / LOOKS, self._look)
