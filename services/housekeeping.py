"""Deletes what was kept long enough, now and then, in transactions so short that no writer waits for long.

Events, attempts that were counted, and blobs are cleaned up by their own parts.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Delete
from structlog.typing import FilteringBoundLogger

from db.queries import audit as audit_queries
from db.queries import exports as export_queries
from db.queries import housekeeping as queries
from db.queries import mailed_tokens as mailed_token_queries
from db.queries import sessions as session_queries
from db.queries import spent_credentials as spent_credential_queries
from db.sessions import Sessions, Transaction
from services.events.outages import OUTAGES, describe, passes
from services.jobs.states import JobKind
from services.settings import Settings
from services.storage.removal import remove_later
from services.wiz.quotas import day_of

PAUSE_SECONDS = 300.0
ROWS_AT_ONCE = 1_000
MOST_BATCHES = 100
"""Of one purge in one round, so that none keeps the others waiting."""
DAY_SECONDS = 24 * 60 * 60
KEEP_TASKS_SECONDS = 7 * DAY_SECONDS
KEEP_QUOTAS_SECONDS = 7 * DAY_SECONDS
KEEP_EXPORTS_SECONDS = 7 * DAY_SECONDS

log: FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purge:
    name: str
    batch: Callable[[Transaction], Awaitable[int]]
    """Deletes at most ROWS_AT_ONCE rows; answers how many."""


class Housekeeping:
    """Several processes may do it at once: they share the work."""

    def __init__(self, database: Sessions, purges: Sequence[Purge], *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._purges = purges
        self._pause_seconds = pause_seconds

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            # Spread, so that processes which were started together do not come together.
            await asyncio.sleep(self._pause_seconds * random.uniform(0.5, 1))  # noqa: S311  no secret
            await self.clean_up()

    async def clean_up(self) -> None:
        """One round. A purge that the database refuses waits for the next one."""
        for purge in self._purges:
            try:
                deleted = await self._delete(purge)
            except OUTAGES as error:
                if not passes(error):
                    raise
                log.warning("housekeeping.failed", purge=purge.name, error=describe(error))
            else:
                if deleted:
                    log.info("housekeeping.deleted", purge=purge.name, rows=deleted)

    async def _delete(self, purge: Purge) -> int:
        total = 0
        for _ in range(MOST_BATCHES):
            async with self._database.write() as tx:
                deleted = await purge.batch(tx)
            total += deleted
            if deleted < ROWS_AT_ONCE:
                break
        return total


def purges(settings: Settings) -> list[Purge]:
    """What is kept how long is told in docs/operations.md, too."""
    access_seconds = settings.jwt_expiry_hours * 3600
    return [
        _rows("tasks", lambda: queries.purge_tasks(KEEP_TASKS_SECONDS)),
        _rows("quota counters", lambda: queries.purge_quotas(_day(KEEP_QUOTAS_SECONDS))),
        _rows("refresh tokens", session_queries.purge_refresh_tokens),
        _rows("sessions", lambda: session_queries.purge_sessions(access_seconds)),
        _rows("mailed tokens", mailed_token_queries.purge),
        _rows("spent credentials", spent_credential_queries.purge),
        _rows("audit events", lambda: audit_queries.purge(settings.audit_keep_days)),
        Purge("exports", _expire_exports),
    ]


def _rows(name: str, statement: Callable[[], Delete]) -> Purge:
    async def batch(tx: Transaction) -> int:
        return await tx.execute(queries.bounded(statement(), ROWS_AT_ONCE))

    return Purge(name, batch)


def _day(keep_seconds: float) -> str:
    return day_of(datetime.now(UTC) - timedelta(seconds=keep_seconds))


async def _expire_exports(tx: Transaction) -> int:
    """The file goes; that there was an export stays in the user's list of jobs."""
    old = export_queries.old_artifacts(JobKind.USER_EXPORT, KEEP_EXPORTS_SECONDS, ROWS_AT_ONCE)
    found = await tx.all(old)
    if found:
        await remove_later(tx, *(key for _, key in found))
        await tx.execute(export_queries.delete_artifacts([artifact_id for artifact_id, _ in found]))
    return len(found)
