"""Counts attempts in the database, so that all processes and aliases of one request share the limit."""

import asyncio
import math

import structlog

from db.queries import limits as queries
from db.sessions import Sessions
from services.errors import RateLimited
from services.events.outages import OUTAGES, describe, passes
from services.identity.tokens import digest
from services.settings import Rate

PURGE_SECONDS = 300.0
logger = structlog.get_logger()


class Throttle:
    def __init__(self, database: Sessions, *, enabled: bool) -> None:
        self._database = database
        self._enabled = enabled

    async def count(self, bucket: str, subject: str, rate: Rate) -> None:
        """Count one attempt; raises RateLimited beyond the rate. What a subject is called is not stored."""
        if not self._enabled:
            return
        async with self._database.write() as tx:
            counted = await tx.first(queries.count(f"{bucket}:{digest(subject)}", rate.seconds, tx.dialect))
        if counted is not None and counted[0] > rate.attempts:
            _, resets_at, now = counted
            raise RateLimited(max(1, math.ceil((resets_at - now).total_seconds())))

    async def run(self) -> None:
        """Forget the windows that are over, now and then, until cancelled."""
        while True:
            await asyncio.sleep(PURGE_SECONDS)
            try:
                async with self._database.write() as tx:
                    await tx.execute(queries.purge())
            except OUTAGES as error:
                if not passes(error):
                    raise
                logger.warning("throttle.purge_failed", error=describe(error))
