"""Running a blocking library in a thread, which cannot be cancelled, so that it ends soon when nobody waits any more."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from services.youtube.failures import SourceCode, SourceError

T = TypeVar("T")


class Deadline:
    """When the work in a thread must end. The thread asks before each request."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds

    def expire(self) -> None:
        self._ends = 0

    def check(self) -> None:
        """Raises SourceError when it has passed."""
        if monotonic() >= self._ends:
            raise SourceError(SourceCode.UNREACHABLE)


async def run_in_thread(work: Callable[[Deadline], T], seconds: float) -> T:
    """What the work answers. Raises SourceError after so many seconds.

    When that happens, or the caller is cancelled, the thread ends with the request that it is waiting for.
    """
    deadline = Deadline(seconds)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(work, deadline)
    except TimeoutError as error:
        raise SourceError(SourceCode.UNREACHABLE) from error
    finally:
        deadline.expire()
