"""The daily quota of messages to Wiz, reset at 00:00 UTC.

A message that gets no answer is given back, but its prompt may have been paid for by then: stopping each answer before
its first word would cost the operator any number of them. So prompts are counted, too, and these are never given back.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from db.queries import wiz as queries
from db.sessions import Reader, Transaction
from services.errors import QuotaExceeded
from services.identity.viewers import Owner

PROMPTS: Final = 3
"""A day's prompts for each message of its quota."""


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
        counted = dict(await reader.all(queries.quotas_used([owner.key, prompts_of(owner.key)], day_of(now))))
        used, prompts = counted.get(owner.key, 0), counted.get(prompts_of(owner.key), 0)
        return _quota(self._limit(owner), used, prompts, next_midnight(now))

    async def take(self, tx: Transaction, owner: Owner) -> Quota:
        """Count one message, and its prompt, in the caller's transaction. Exact under concurrency.

        Raises QuotaExceeded, with nothing counted.
        """
        now = datetime.now(UTC)
        limit, day, resets_at = self._limit(owner), day_of(now), next_midnight(now)
        used = limit and await tx.scalar(queries.take_quota(owner.key, day, limit, tx.dialect))
        taking = queries.take_quota(prompts_of(owner.key), day, limit * PROMPTS, tx.dialect)
        prompts = used and await tx.scalar(taking)
        if used and prompts:
            return _quota(limit, used, prompts, resets_at)
        if used:
            await refund(tx, owner.key, day)
        seconds = max(1, math.ceil((resets_at - now).total_seconds()))
        raise QuotaExceeded(limit=limit, resets_at=resets_at, reset_in_seconds=seconds, guest=owner.user_id is None)

    async def undo(self, tx: Transaction, owner: Owner, quota: Quota) -> None:
        """As if the message had not been taken, in the same transaction: there will be no prompt."""
        for counter in (owner.key, prompts_of(owner.key)):
            await refund(tx, counter, quota.day)

    def _limit(self, owner: Owner) -> int:
        return self.guest_limit if owner.user_id is None else self.user_limit


async def refund(tx: Transaction, owner_key: str, day: str) -> None:
    """Give one message back to whom it was counted for, whoever the conversation belongs to by now."""
    await tx.execute(queries.refund_quota(owner_key, day))


def prompts_of(owner_key: str) -> str:
    """The counter of their prompts. Account deletion removes whatever begins as the owner's key and a colon."""
    return f"{owner_key}:prompts"


def _quota(limit: int, used: int, prompts: int, resets_at: datetime) -> Quota:
    """What is left is what can be asked: of few prompts that remain each is a message."""
    return Quota(limit=limit, used=max(used, prompts - limit * (PROMPTS - 1)), resets_at=resets_at)


def day_of(now: datetime) -> str:
    return now.date().isoformat()


def next_midnight(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)
