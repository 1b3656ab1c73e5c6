"""How long a failed task waits before it is tried again."""

from secrets import SystemRandom

LONGEST_SECONDS = 900
SPREAD = 0.25

_random = SystemRandom()


def backoff_seconds(attempt: int) -> float:
    """About 2^attempt seconds, a quarter of an hour at most; spread, so that what failed together is not tried together."""
    return min(2.0**attempt, LONGEST_SECONDS) * _random.uniform(1 - SPREAD, 1 + SPREAD)
