"""Processes that share a database, as far as the event log sees them: each with its own connections and its own log."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from db.engine import Engines, open_engines
from db.outbox import NewEvent, Wakeups
from db.sessions import Sessions
from services.events.event import Event
from services.events.hints import Hints
from services.events.local import LocalHints
from services.events.log import EventLog, position
from tests.conditions import until

NEVER_SECONDS = 3600.0
"""A poll that does not come within a test, so that only hints can have brought an event."""
DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    engines: Engines
    sessions: Sessions
    log: EventLog

    async def publish(self, topic: str, *texts: str) -> int:
        """In one transaction; answers the last number."""
        async with self.sessions.write() as tx:
            return await tx.publish(topic, *events(*texts))

    async def position(self, topic: str) -> int:
        async with self.sessions.read(snapshot=True) as reader:
            return await position(reader, topic)

    async def take(self, topic: str, after: int, count: int) -> list[Event]:
        """So many events, from a follower that is then closed."""
        async with aclosing(self.log.follow(topic, after)) as followed:
            return await take(followed, count)


def events(*texts: str) -> Sequence[NewEvent]:
    return [NewEvent(type="said", data={"text": text}) for text in texts]


def texts(taken: Sequence[Event]) -> list[object]:
    return [event.data["text"] for event in taken]


async def take(followed: AsyncGenerator[Event, None], count: int) -> list[Event]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return [await anext(followed) for _ in range(count)]


async def until_followed(node: Node, topic: str) -> None:
    """Until whoever joined the topic first has looked at the database, and waits for what comes."""

    async def waits() -> bool:
        feed = node.log._feeds.get(topic)
        return feed is not None and feed._is_open and not feed._is_reading

    await until(waits)


@asynccontextmanager
async def open_node(
    url: str,
    hints: Hints | None = None,
    *,
    runs: bool = True,
    poll_seconds: float = NEVER_SECONDS,
    keep_seconds: float = 600,
    lanes: list[set[str]] | None = None,
) -> AsyncGenerator[Node]:
    """`runs` is false where all must come about in the process itself, without its loops."""
    engines = open_engines(url, pool_size=5)

    def wake(wakeups: Wakeups) -> None:
        log.wake(wakeups)

    sessions = Sessions(engines, on_commit=wake)
    on_lanes = None if lanes is None else lanes.append
    log = EventLog(sessions, hints or LocalHints(), poll_seconds, keep_seconds=keep_seconds, on_lanes=on_lanes)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(log.run()) if runs else None
            try:
                yield Node(engines=engines, sessions=sessions, log=log)
            finally:
                if running:
                    running.cancel()
    finally:
        await engines.close()


class RecordingHints:
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        self.published: list[Wakeups] = []

    def publish(self, wakeups: Wakeups) -> None:
        self.published.append(wakeups)

    async def run(self, on_hint: object, on_gap: object) -> None:
        """Nothing comes from elsewhere."""
