"""Attempts counted in Valkey or Redis, which forgets them by itself; while it is away, elsewhere."""

import time

import redis.asyncio
import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from services.counters.counter import Counter
from services.rates import Rate

ANSWER_SECONDS = 1.0
"""Longer than that nobody waits to be counted."""
MOST_CONNECTIONS = 10
PREFIX = "vidwiz:attempts"
logger = structlog.get_logger()


class ValkeyCounter:
    """Windows of fixed length that begin with the first attempt, as in the database."""

    def __init__(self, url: str, meanwhile: Counter) -> None:
        """`meanwhile` counts while the server does not answer."""
        self._connections = redis.asyncio.BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  its options are untyped
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
        storage = RedisStorage(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=self._connections,  # type: ignore[arg-type]  # it passes on what redis-py takes
        )
        self._windows = FixedWindowRateLimiter(storage)
        self._meanwhile = meanwhile
        self._is_away = False

    async def count(self, key: str, rate: Rate) -> float | None:
        try:
            waiting = await self._count(key, rate)
        except StorageError as error:
            if not self._is_away:
                logger.warning("throttle.valkey_unavailable", error=type(error.storage_error).__name__)
            self._is_away = True
            return await self._meanwhile.count(key, rate)
        self._is_away = False
        return waiting

    async def _count(self, key: str, rate: Rate) -> float | None:
        window = RateLimitItemPerSecond(rate.attempts, rate.seconds)
        if await self._windows.hit(window, key):
            return None
        ends_at, _ = await self._windows.get_window_stats(window, key)
        return ends_at - time.time()

    async def run(self) -> None:
        try:
            await self._meanwhile.run()
        finally:
            await self._connections.aclose()
