"""All open sockets of this process: how many there are, and which of them must end since their session did."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from schema.transport.websocket.connection import SocketConnection
from schema.transport.websocket.messages import CloseCode
from services.container import Services
from services.errors import Unauthenticated, UnauthenticatedReason
from services.events.outages import OUTAGES, describe, passes
from services.viewers import Viewer

WATCH_SECONDS = 2.0

logger = structlog.get_logger()


class TooManySockets(Exception):
    """Of the whole process, of one address, or of one viewer."""


class Sockets:
    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._by_address: Counter[str] = Counter()
        self._by_viewer: Counter[str] = Counter()
        self._signed_in: dict[SocketConnection, Viewer] = {}

    @property
    def count(self) -> int:
        return self._by_address.total()

    @contextmanager
    def opened(self, address: str) -> Generator[None]:
        """Count a socket while the block runs. Raises TooManySockets."""
        settings = self._services().settings
        if self.count >= settings.sockets_per_process:
            raise TooManySockets
        with _counted(self._by_address, address, settings.sockets_per_address):
            yield

    @contextmanager
    def signed_in(self, viewer: Viewer, connection: SocketConnection) -> Generator[None]:
        """Count and watch a viewer's socket while the block runs. Raises TooManySockets."""
        with _counted(self._by_viewer, viewer.key, self._services().settings.sockets_per_viewer):
            self._signed_in[connection] = viewer
            try:
                yield
            finally:
                del self._signed_in[connection]

    async def run(self) -> None:
        """End the sockets whose token has expired or whose session was revoked, here or elsewhere; until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self._end_what_has_ended()
            except OUTAGES as error:
                if not passes(error):
                    raise
                logger.warning("sockets.watch_failed", error=describe(error))

    async def _end_what_has_ended(self) -> None:
        now = datetime.now(UTC)
        self._end(UnauthenticatedReason.EXPIRED, (viewer for viewer in self._viewers() if viewer.has_expired(now)))
        revoked = await self._services().viewers.revoked(self._viewers())
        self._end(UnauthenticatedReason.REVOKED, revoked)

    def _viewers(self) -> set[Viewer]:
        return set(self._signed_in.values())

    def _end(self, reason: UnauthenticatedReason, viewers: Iterable[Viewer]) -> None:
        ended = set(viewers)
        for connection, viewer in self._signed_in.items():
            if viewer in ended:
                connection.end(CloseCode.FORBIDDEN, str(Unauthenticated(reason)))


@contextmanager
def _counted(counter: Counter[str], key: str | None, most: int) -> Generator[None]:
    """Nothing is counted under None. Raises TooManySockets."""
    if key is None:
        yield
        return
    if counter[key] >= most:
        raise TooManySockets
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
