"""Failures of the database or the network that pass by themselves, and how long to wait for that."""

import random
from collections.abc import Iterator

from sqlalchemy import exc

LONGEST_WAIT_SECONDS = 5.0

OUTAGES = (exc.DBAPIError, exc.TimeoutError, OSError)
"""What may be an outage; `passes` tells."""

OUR_MISTAKES = (exc.ProgrammingError, exc.DataError, exc.IntegrityError, exc.NotSupportedError)


def passes(error: Exception) -> bool:
    return isinstance(error, OUTAGES) and not isinstance(error, OUR_MISTAKES)


def describe(error: BaseException) -> str:
    """The error in one line without the statement, whose parameters are nobody's business."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    text = str(cause).partition("\n")[0]
    return f"{type(cause).__name__}: {text}"


def waits(first_seconds: float = 0.05) -> Iterator[float]:
    """Seconds to wait before each further try: doubling, and spread so that processes do not come back in step."""
    seconds = first_seconds
    while True:
        yield seconds * random.uniform(0.5, 1)  # noqa: S311  no secret
        seconds = min(seconds * 2, LONGEST_WAIT_SECONDS)
