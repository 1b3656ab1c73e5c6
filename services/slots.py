"""Room for so much heavy work at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.errors import Overloaded

WAIT_SECONDS = 2.0


class Slots:
    """Who waits too long for one is told that the server is busy."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Raises Overloaded."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded from None
        try:
            yield
        finally:
            self._free.release()
