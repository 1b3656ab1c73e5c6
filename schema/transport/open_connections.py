"""How many connections are kept open, by sockets and by streams over HTTP: both are counted together."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager

from services.container import Services
from services.identity.viewers import Viewer


class TooManyConnections(Exception):
    """Of the whole process, of one address, or of one viewer."""


class OpenConnections:
    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._by_address: Counter[str] = Counter()
        self._streams_by_viewer: Counter[str] = Counter()
        self._streaming: dict[object, Viewer] = {}

    @property
    def count(self) -> int:
        return self._by_address.total()

    @property
    def streaming_viewers(self) -> set[Viewer]:
        """Who follows something over HTTP."""
        return set(self._streaming.values())

    @contextmanager
    def opened(self, address: str) -> Generator[None]:
        """Count a socket or a stream while the block runs. Raises TooManyConnections."""
        settings = self._services().settings
        if self.count >= settings.sockets_per_process:
            raise TooManyConnections
        with counted(self._by_address, address, settings.sockets_per_address):
            yield

    @contextmanager
    def streaming(self, address: str, viewer: Viewer | None) -> Generator[None]:
        """Count a subscription over HTTP while the block runs. Raises TooManyConnections.

        It takes the place of an operation on a socket, so that a viewer has as many as one socket runs.
        """
        key = None if viewer is None else viewer.key
        with self.opened(address), counted(self._streams_by_viewer, key, self._services().settings.socket_operations):
            place = object()
            if viewer is not None:
                self._streaming[place] = viewer
            try:
                yield
            finally:
                self._streaming.pop(place, None)


@contextmanager
def counted(counter: Counter[str], key: str | None, most: int) -> Generator[None]:
    """Nothing is counted under None. Raises TooManyConnections."""
    if key is None:
        yield
        return
    if counter[key] >= most:
        raise TooManyConnections
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
