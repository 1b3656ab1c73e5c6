"""How often something may be done: so many times in a window."""

import re
from dataclasses import dataclass

WINDOWS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(r"\s*([0-9]{1,9})\s*(?:/|per)\s*([1-9][0-9]{0,3})?\s*(second|minute|hour|day)s?\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many attempts in a window."""

    attempts: int
    seconds: int


def parse_rate(value: object) -> object:
    """`10/minute`, `10 per minute` or `100 per 2 hours` as a Rate."""
    if not isinstance(value, str):
        return value
    match = RATE.fullmatch(value.lower())
    if match is None:
        raise ValueError("write a rate as 10/minute")
    return Rate(int(match[1]), int(match[2] or 1) * WINDOWS[match[3]])
