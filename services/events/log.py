"""Following topics of the event log. One EventLog a process; it holds no session while anybody waits."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

import structlog
from structlog.typing import FilteringBoundLogger

from db.outbox import Wakeups
from db.queries import events as queries
from db.sessions import Reader, Sessions
from services.events.event import Event
from services.events.feed import Feed
from services.events.hints import Hints
from services.events.outages import OUTAGES, describe, passes
from services.events.purge import purge
from services.events.stored import StoredEvents

POLL_SECONDS = {"sqlite": 0.25, "postgresql": 1.0}
PURGE_SECONDS = 60.0

log: FilteringBoundLogger = structlog.get_logger()


async def position(reader: Reader, topic: str) -> int:
    """The number of the topic's last event, to `follow` from; 0 when there is none.

    Read it in the same snapshot as the state that the events to come will change.
    """
    bounds = await reader.first(queries.bounds(topic))
    return 0 if bounds is None else bounds[0]


class EventLog:
    """`wake` is for `Sessions(on_commit=…)`; `run` must run for anything to be heard of other processes."""

    def __init__(
        self,
        sessions: Sessions,
        hints: Hints,
        poll_seconds: float | None = None,
        *,
        keep_seconds: float = 600,
        on_lanes: Callable[[set[str]], None] | None = None,
    ) -> None:
        """`poll_seconds`: how often to look for events of which no hint came; by default as suits the database.

        `on_lanes` gets the task lanes of all wake-ups, from this process and from others.
        """
        self._sessions = sessions
        self._hints = hints
        self._poll_seconds = POLL_SECONDS[sessions.dialect] if poll_seconds is None else poll_seconds
        self._keep_seconds = keep_seconds
        self._on_lanes = on_lanes
        self._stored = StoredEvents(sessions)
        self._feeds: dict[str, Feed] = {}
        self._look_now = asyncio.Event()

    async def follow(self, topic: str, after: int) -> AsyncGenerator[Event, None]:
        """Each event after that number once and in order, without end; through outages of the database, too.

        `after` comes from `position`, or from a client when the log `holds` it; 0 means from the first that is stored,
        whether the topic exists already or not. Raises EventsExpired when events were missed, since they are no longer
        stored: then begin again with a fresh snapshot. Close the generator when done (`contextlib.aclosing`).
        """
        feed = self._feeds.get(topic)
        if feed is None or feed.has_lost:
            # Half the time of keeping: what was seen that recently can by no clock's fault be purged.
            feed = self._feeds[topic] = Feed(topic, self._stored, self._keep_seconds / 2)
        follower = feed.join(after)
        try:
            await feed.seek(follower)
            while True:
                for event in await feed.next(follower):
                    yield event
        finally:
            feed.leave(follower)
            if not feed.is_followed and self._feeds.get(topic) is feed:
                del self._feeds[topic]

    async def holds(self, topic: str, after: int) -> bool:
        """Whether every event since that number is still stored. False means: begin with a fresh snapshot."""
        async with self._sessions.read() as reader:
            bounds = await reader.first(queries.bounds(topic))
        return bounds is not None and bounds[1] <= after <= bounds[0]

    def wake(self, wakeups: Wakeups) -> None:
        """Tell of what this process has committed: its own followers at once, other processes soon."""
        self._hear(wakeups)
        self._hints.publish(wakeups)

    async def run(self) -> None:
        """Hear of other processes and purge, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hints.run(self._hear, self._look_now.set))
            group.create_task(self._poll())
            group.create_task(self._purge())

    def _hear(self, wakeups: Wakeups) -> None:
        for topic, seq in wakeups.topics.items():
            if feed := self._feeds.get(topic):
                feed.heard(seq)
        if wakeups.lanes and self._on_lanes:
            self._on_lanes(wakeups.lanes)

    async def _poll(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._look_now.wait()
            except TimeoutError:
                pass
            self._look_now.clear()
            await self._look()

    async def _look(self) -> None:
        """One statement for all topics that are followed."""
        at = time.time()
        topics = list(self._feeds)
        found = await self._stored.last_numbers(topics) if topics else {}
        for topic in topics:
            if feed := self._feeds.get(topic):
                feed.checked(found.get(topic, 0), at)

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(PURGE_SECONDS)
            try:
                await purge(self._sessions, self._keep_seconds)
            except OUTAGES as error:
                if not passes(error):
                    raise
                log.warning("events.purge_failed", error=describe(error))
