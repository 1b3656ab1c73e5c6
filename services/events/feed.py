"""One topic as its followers in this process see it: what is new is read once for all of them."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services.events.event import Event, EventsExpired
from services.events.stored import BATCH, StoredEvents

RING = 512
"""Events kept for followers that are a little behind; who is further behind reads the database."""


@dataclass(slots=True, eq=False)
class Follower:
    position: int
    """The number of the last event handed to it."""


class Feed:
    """There is no queue for each follower: they take from one ring at their own pace, and no event waits for anybody.

    Of the followers that wait, the first one reads what is new. Numbers without a gap prove that nothing is missing;
    where they jump, the topic was forgotten and began anew, which only a feed that was up to date may conclude.
    """

    def __init__(self, topic: str, stored: StoredEvents, patience_seconds: float) -> None:
        """`patience_seconds`: events are surely stored that long, so whoever looked since then has missed none."""
        self._topic = topic
        self._stored = stored
        self._patience_seconds = patience_seconds
        self._followers: set[Follower] = set()
        self._ring: list[Event] = []
        self._start = 0  # the ring holds what comes after this number
        self._tail = 0  # and ends with this one
        self._known = 0  # the highest number heard of
        self._new_life: tuple[int, int] | None = None  # the numbers around the jump
        self._checked_at = 0.0  # wall clock, since the others stand still while a computer sleeps
        self._is_open = False
        self._is_reading = False
        self._has_lost = False
        self._changed = asyncio.Event()

    @property
    def is_followed(self) -> bool:
        return bool(self._followers)

    @property
    def has_lost(self) -> bool:
        """Whether events may have come and gone unseen; nobody else should join then."""
        return self._has_lost

    def join(self, after: int) -> Follower:
        follower = Follower(after)
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def heard(self, seq: int) -> None:
        """Somebody says that there are events up to this number."""
        if seq > self._known:
            self._known = seq
            self._wake()

    def checked(self, seq: int, at: float) -> None:
        """The database had this last number, or 0 for no such topic, at this time or later."""
        if not self._is_open:
            return
        if seq > self._tail:
            self.heard(seq)
        elif seq == 0 and self._is_stale(at):
            self._lose()
        else:
            self._checked_at = at

    async def seek(self, follower: Follower) -> None:
        """Make a position out of what the follower asked for. Raises EventsExpired when it is none of this topic."""
        while not self._is_open:
            await self._refresh()
        if follower.position <= self._tail and (follower.position > 0 or self._tail == 0):
            return
        bounds = await self._stored.bounds(self._topic)
        if bounds is not None:
            self.heard(bounds.seq)
        if follower.position == 0:
            follower.position = self._tail if bounds is None else bounds.floor
        elif bounds is None or not bounds.floor <= follower.position <= bounds.seq:
            raise EventsExpired(self._topic)

    async def next(self, follower: Follower) -> Sequence[Event]:
        """Wait for events after the follower's position, and move it past them. Raises EventsExpired."""
        while not self._has_lost:
            if follower.position < self._start:
                batch: Sequence[Event] = await self._replay(follower.position)
            else:
                begin = bisect_right(self._ring, follower.position, key=_seq)
                batch = self._ring[begin : begin + BATCH]
            if batch:
                follower.position = batch[-1].seq
                return batch
            if self._known > self._tail:
                await self._refresh()
            else:
                await self._changed.wait()
        raise EventsExpired(self._topic)

    async def _replay(self, position: int) -> Sequence[Event]:
        events = await self._stored.after(self._topic, position)
        if not events or not self._continues(position, events[0].seq):
            raise EventsExpired(self._topic)
        return events

    def _continues(self, position: int, seq: int) -> bool:
        return seq == position + 1 or (position, seq) == self._new_life

    async def _refresh(self) -> None:
        """Read what is new, or wait until the follower that is already reading has done so."""
        if self._is_reading:
            await self._changed.wait()
            return
        self._is_reading = True
        try:
            await (self._fetch() if self._is_open else self._open())
        finally:
            self._is_reading = False
            self._wake()

    async def _open(self) -> None:
        self._checked_at = time.time()
        bounds = await self._stored.bounds(self._topic)
        self._start = self._tail = 0 if bounds is None else bounds.seq
        self._is_open = True

    async def _fetch(self) -> None:
        at, target = time.time(), self._known
        events = await self._stored.after(self._topic, self._tail)
        if self._is_stale(at) and not await self._is_whole(events):
            self._lose()
            return
        self._append(events)
        if len(events) < BATCH:
            self._checked_at = at
            if self._known == target:
                self._known = self._tail  # a hint with nothing behind it must not be followed for ever

    async def _is_whole(self, events: Sequence[Event]) -> bool:
        """Whether these are all that came after the tail. Needed after a long time without a look."""
        if events:
            return events[0].seq == self._tail + 1
        bounds = await self._stored.bounds(self._topic)
        return bounds is not None and bounds.seq == self._tail

    def _append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        if events[0].seq != self._tail + 1:
            self._new_life = (self._tail, events[0].seq)
        self._ring.extend(events)
        self._tail = events[-1].seq
        passed_by_all = min((follower.position for follower in self._followers), default=self._tail)
        drop = max(bisect_right(self._ring, passed_by_all, key=_seq), len(self._ring) - RING)
        if drop > 0:
            self._start = self._ring[drop - 1].seq
            del self._ring[:drop]

    def _is_stale(self, at: float) -> bool:
        return at - self._checked_at > self._patience_seconds

    def _lose(self) -> None:
        self._has_lost = True
        self._ring.clear()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _seq(event: Event) -> int:
    return event.seq
