"""Wakes those who wait for a task without being a worker: by lanes, as hints come."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager


class LaneBell:
    """Losing a ring costs time, never a task: whoever waits also looks now and then."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @property
    def count(self) -> int:
        """How many wait."""
        return len(set[asyncio.Event]().union(*self._waiting.values()))

    def ring(self, lanes: Iterable[str]) -> None:
        """These lanes may have a task that is due."""
        for lane in lanes:
            for event in self._waiting.get(lane, ()):
                event.set()

    @contextmanager
    def listening(self, lanes: Iterable[str]) -> Generator[asyncio.Event]:
        """While the block runs the event is set whenever one of the lanes is rung; the listener clears it."""
        event, heard = asyncio.Event(), list(lanes)
        for lane in heard:
            self._waiting.setdefault(lane, set()).add(event)
        try:
            yield event
        finally:
            for lane in heard:
                self._waiting[lane].discard(event)
                if not self._waiting[lane]:
                    del self._waiting[lane]
