"""Attempts counted in the database, each by one statement."""

import asyncio

import structlog

from db.queries import limits as queries
from db.sessions import Sessions
from services.events.outages import OUTAGES, describe, passes
from services.rates import Rate

PURGE_SECONDS = 300.0
logger = structlog.get_logger()


class DatabaseCounter:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def count(self, key: str, rate: Rate) -> float | None:
        async with self._database.write() as tx:
            counted = await tx.first(queries.count(key, rate.seconds, tx.dialect))
        if counted is None or counted[0] <= rate.attempts:
            return None
        _, resets_at, now = counted
        return (resets_at - now).total_seconds()

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
