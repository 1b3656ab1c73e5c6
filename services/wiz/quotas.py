"""The daily quota of messages to Wiz, reset at 00:00 UTC."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from db.queries import wiz as queries
from db.sessions import Reader, Transaction
from services.errors import QuotaExceeded
from services.identity.viewers import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    limit: int
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def day(self) -> str:
        """The one it counts, which ends when it resets."""
        return day_of(self.resets_at - timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    user_limit: int
    guest_limit: int

    async def look_up(self, reader: Reader, owner: Owner) -> Quota:
        now = datetime.now(UTC)
        used = await reader.scalar(queries.quota_used(owner.key, day_of(now)))
        return Quota(limit=self._limit(owner), used=used or 0, resets_at=next_midnight(now))

    async def take(self, tx: Transaction, owner: Owner) -> Quota:
        """Count one message in the caller's transaction; raises QuotaExceeded. Exact under concurrency."""
        now = datetime.now(UTC)
        limit = self._limit(owner)
        used = limit and await tx.scalar(queries.take_quota(owner.key, day_of(now), limit, tx.dialect))
        resets_at = next_midnight(now)
        if not used:
            seconds = max(1, math.ceil((resets_at - now).total_seconds()))
            raise QuotaExceeded(limit=limit, resets_at=resets_at, reset_in_seconds=seconds, guest=owner.user_id is None)
        return Quota(limit=limit, used=used, resets_at=resets_at)

    def _limit(self, owner: Owner) -> int:
        return self.guest_limit if owner.user_id is None else self.user_limit


async def refund(tx: Transaction, owner_key: str, day: str) -> None:
    """Give one message back to whom it was counted for, whoever the conversation belongs to by now."""
    await tx.execute(queries.refund_quota(owner_key, day))


def day_of(now: datetime) -> str:
    return now.date().isoformat()


def next_midnight(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)
