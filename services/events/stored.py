"""The stored half of the log, read for followers: few reads at once, each tried again until the database answers."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, TypeVarTuple

import structlog
from sqlalchemy import Row, Select
from structlog.typing import FilteringBoundLogger

from db.queries import events as queries
from db.sessions import Sessions
from services.events.event import Event
from services.events.outages import OUTAGES, describe, passes, waits

BATCH = 500
"""The most events in one read."""
TOPICS_AT_ONCE = 5_000  # each is a bound value, of which both engines take 32,766
READS_AT_ONCE = 8  # a burst of wake-ups must not take every connection from the requests

Ts = TypeVarTuple("Ts")
log: FilteringBoundLogger = structlog.get_logger()


class Bounds(NamedTuple):
    seq: int
    floor: int


class StoredEvents:
    """A read ends only with an answer, or with an error that would not pass by itself."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._turns = asyncio.Semaphore(READS_AT_ONCE)

    async def bounds(self, topic: str) -> Bounds | None:
        rows = await self._read(queries.bounds(topic))
        return Bounds(*rows[0]) if rows else None

    async def after(self, topic: str, position: int) -> list[Event]:
        """At most BATCH events; fewer mean that there were no more."""
        rows = await self._read(queries.after(topic, position, BATCH))
        return [Event(seq=seq, type=kind, data=data) for seq, kind, data in rows]

    async def last_numbers(self, topics: Sequence[str]) -> dict[str, int]:
        """The last number of each topic that is known."""
        found: dict[str, int] = {}
        for start in range(0, len(topics), TOPICS_AT_ONCE):
            rows = await self._read(queries.last_numbers(topics[start : start + TOPICS_AT_ONCE]))
            found.update((topic, seq) for topic, seq in rows)
        return found

    async def _read(self, statement: Select[*Ts]) -> Sequence[Row[*Ts]]:
        # The turn is kept while waiting, so that in an outage a handful try, and not each follower.
        async with self._turns:
            pauses = waits()
            while True:
                try:
                    async with self._sessions.read() as reader:
                        return await reader.all(statement)
                except OUTAGES as error:
                    if not passes(error):
                        raise
                    pause = next(pauses)
                    log.warning("events.read_failed", error=describe(error), retry_seconds=round(pause, 3))
                await asyncio.sleep(pause)
