"""Counts attempts where all processes can, so that they, and all aliases of one request, share the limit."""

import math

from services.counters.counter import Counter
from services.errors import RateLimited
from services.identity.tokens import digest
from services.rates import Rate


class Throttle:
    def __init__(self, counter: Counter, *, enabled: bool) -> None:
        self._counter = counter
        self._enabled = enabled

    async def count(self, bucket: str, subject: str, rate: Rate) -> None:
        """Count one attempt; raises RateLimited beyond the rate. What a subject is called is not stored."""
        if not self._enabled:
            return
        waiting = await self._counter.count(f"{bucket}:{digest(subject)}", rate)
        if waiting is not None:
            raise RateLimited(max(1, math.ceil(waiting)))
