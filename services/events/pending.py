"""Wake-ups that wait to be sent, merged: a topic that is written often costs one hint a round."""

import asyncio

from db.outbox import Wakeups

MOST_TOPICS = 10_000
"""Beyond that many, which pile up only while nothing can be sent, they are dropped; looking at the database is enough."""


class Pending:
    def __init__(self) -> None:
        self._wakeups = Wakeups()
        self._arrived = asyncio.Event()

    def add(self, wakeups: Wakeups) -> None:
        merged = self._wakeups
        if len(merged.topics) > MOST_TOPICS:
            merged.topics.clear()
        for topic, seq in wakeups.topics.items():
            merged.topics[topic] = max(seq, merged.topics.get(topic, 0))
        merged.lanes.update(wakeups.lanes)
        self._arrived.set()

    async def take(self, timeout_seconds: float) -> Wakeups:
        """All that is there, as soon as there is anything; nothing after the timeout or an interruption."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._arrived.wait()
        except TimeoutError:
            return Wakeups()
        self._arrived.clear()
        taken, self._wakeups = self._wakeups, Wakeups()
        return taken

    def interrupt(self) -> None:
        """Let the one who waits go on with what there is."""
        self._arrived.set()
