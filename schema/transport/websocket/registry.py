"""All open sockets of this process: how many a viewer has, and which of them must end since their session did."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import structlog

from schema.transport.open_connections import OpenConnections, counted
from schema.transport.websocket.connection import SocketConnection
from schema.transport.websocket.messages import CloseCode
from services.container import Services
from services.errors import Unauthenticated, UnauthenticatedReason
from services.events.outages import OUTAGES, describe, passes
from services.identity.viewers import Viewer

WATCH_SECONDS = 2.0

logger = structlog.get_logger()


class Sockets:
    def __init__(self, services: Callable[[], Services], connections: OpenConnections) -> None:
        self._services = services
        self._connections = connections
        self._by_viewer: Counter[str] = Counter()
        self._signed_in: dict[SocketConnection, Viewer] = {}

    def opened(self, address: str) -> AbstractContextManager[None]:
        """Count a socket while the block runs. Entering raises TooManyConnections."""
        return self._connections.opened(address)

    @contextmanager
    def signed_in(self, viewer: Viewer, connection: SocketConnection) -> Generator[None]:
        """Count and watch a viewer's socket while the block runs. Raises TooManyConnections."""
        with counted(self._by_viewer, viewer.key, self._services().settings.sockets_per_viewer):
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
        # Streams over HTTP look again by themselves, and find what is learnt here for all of them at once.
        revoked = await self._services().viewers.revoked(self._viewers() | self._connections.streaming_viewers)
        self._end(UnauthenticatedReason.REVOKED, revoked)

    def _viewers(self) -> set[Viewer]:
        return set(self._signed_in.values())

    def _end(self, reason: UnauthenticatedReason, viewers: Iterable[Viewer]) -> None:
        ended = set(viewers)
        for connection, viewer in self._signed_in.items():
            if viewer in ended:
                connection.end(CloseCode.FORBIDDEN, str(Unauthenticated(reason)))
