"""Circuit breakers: a model that keeps failing is left alone for a while, by all processes of the database together."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import breakers as queries
from db.queries.breakers import BreakerRow
from db.sessions import Reader, Sessions
from services.llm.chat_model import ModelUnavailable

log: FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The one request that tries a model after a pause. Until `open_until` nobody else does."""

    name: str
    open_until: datetime


class Breakers:
    def __init__(self, database: Sessions, *, failures: int, pause_seconds: float) -> None:
        """After so many `failures` in a row a model is not asked for `pause_seconds`; then one request tries it."""
        self._database = database
        self._failures = failures
        self._pause_seconds = pause_seconds

    @staticmethod
    async def is_open(reader: Reader, name: str) -> bool:
        """Whether the model of that name would not be asked now."""
        row = await reader.row(BreakerRow, queries.breaker(name))
        return row is not None and bool(row.is_open)

    async def enter(self, name: str) -> Probe | None:
        """Before the model is asked; for the one that tries it after a pause, as that.

        Raises ModelUnavailable while it is left alone.
        """
        async with self._database.read() as reader:
            row = await reader.row(BreakerRow, queries.breaker(name))
        if row is None or row.open_until is None:
            return None
        if not row.is_open:
            async with self._database.write() as tx:
                open_until = await tx.scalar(queries.take_probe(name, self._pause_seconds))
            if open_until is not None:
                return Probe(name=name, open_until=open_until)
        raise ModelUnavailable("PAUSED", "The model has failed too often, and is left alone for a while.")

    async def leave(self, probe: Probe) -> None:
        """It ended without telling anything of the model: another may try at once."""
        async with self._database.write() as tx:
            await tx.execute(queries.leave_probe(probe.name, probe.open_until))

    async def failed(self, name: str) -> None:
        async with self._database.write() as tx:
            counting = queries.count_failure(
                name, most=self._failures, pause_seconds=self._pause_seconds, dialect=tx.dialect
            )
            failures = await tx.scalar(counting) or 0
        if failures >= self._failures:
            log.warning("llm.paused", model=name, failures=failures, seconds=self._pause_seconds)

    async def answered(self, name: str) -> None:
        """Writes nothing when there was no failure since the last answer."""
        async with self._database.read() as reader:
            row = await reader.row(BreakerRow, queries.breaker(name))
        if row is None:
            return
        async with self._database.write() as tx:
            await tx.execute(queries.close(name))
        if row.open_until is not None:
            log.info("llm.resumed", model=name)
