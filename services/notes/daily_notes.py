"""How many notes a day the assistant writes for one user at the operator's cost."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import wiz as queries
from db.sessions import Transaction
from services.identity.viewers import Owner
from services.tasks.model import TaskFailed
from services.wiz.quotas import day_of, refund

log: FilteringBoundLogger = structlog.get_logger()

DAILY_LIMIT = "DAILY_LIMIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One note of a day."""

    counter: str
    day: str

    async def give_back(self, tx: Transaction) -> None:
        await refund(tx, self.counter, self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyNotes:
    limit: int

    async def take(self, tx: Transaction, user_id: int) -> Taken:
        """Count one note in the caller's transaction, which holds its task; raises TaskFailed. Exact under concurrency."""
        # Account deletion removes whatever begins as the owner's key and a colon.
        taken = Taken(counter=f"{Owner(user_id=user_id).key}:notes", day=day_of(datetime.now(UTC)))
        counting = queries.take_quota(taken.counter, taken.day, self.limit, tx.dialect)
        if not (self.limit and await tx.scalar(counting)):
            log.warning("note.daily_limit", user_id=user_id, limit=self.limit)
            raise TaskFailed(DAILY_LIMIT, "The assistant has written enough for this user today.", retryable=False)
        return taken
