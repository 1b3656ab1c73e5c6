"""Remembers the public keys that somebody else signs with, for as long as they say."""

import asyncio
import time
from collections.abc import Callable, Mapping
from math import inf

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from services.identity.published_keys import KeysUnavailable, fetch

SHORTEST_SECONDS = 5 * 60
LONGEST_SECONDS = 24 * 60 * 60
"""Bounds to what the publisher says: it is not asked all the time, and a key that it withdrew is not good for ever."""
GRACE_SECONDS = 24 * 60 * 60
"""How much longer the keys are used while the publisher cannot be reached."""
REFETCH_SECONDS = 60
"""The pause between two requests, whatever unknown key ids are asked for."""
RETRY_SECONDS = 5
"""The pause after a failed request, as long as there are no keys at all."""

logger = structlog.get_logger()


class KeySet:
    """The keys of one URL. Who needs them while they are being fetched waits for that one request."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fresh_until = self._usable_until = self._next_fetch = -inf
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> RSAPublicKey | None:
        """None when the publisher has no such key. Raises KeysUnavailable when it was not to be asked."""
        # Who has an old key goes on with it, and leaves the waiting to the first who noticed.
        if self._should_fetch(key_id) and not (self._fetching.locked() and self._usable(key_id)):
            async with self._fetching:
                if self._should_fetch(key_id):
                    await self._fetch()
        if not self._has_usable():
            raise KeysUnavailable("not fetched")
        return self._keys.get(key_id)

    def _should_fetch(self, key_id: str) -> bool:
        now = self._clock()
        is_known = key_id in self._keys and now < self._fresh_until
        return not is_known and now >= self._next_fetch

    def _has_usable(self) -> bool:
        return self._clock() < self._usable_until

    def _usable(self, key_id: str) -> bool:
        return key_id in self._keys and self._has_usable()

    async def _fetch(self) -> None:
        if self._has_usable():
            # Before the request, so that callers who break off cannot make us ask again and again.
            self._next_fetch = self._clock() + REFETCH_SECONDS
        try:
            published = await fetch(self._url)
        except KeysUnavailable as error:
            logger.warning("published_keys.unavailable", reason=str(error))
            self._next_fetch = self._clock() + (REFETCH_SECONDS if self._has_usable() else RETRY_SECONDS)
            return
        now = self._clock()
        self._keys = published.keys
        self._fresh_until = now + min(max(published.max_age_seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
        self._usable_until = self._fresh_until + GRACE_SECONDS
        self._next_fetch = now + REFETCH_SECONDS
