"""Waiting for something to become true, with a deadline instead of luck."""

import asyncio
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.01


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Return once it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(POLL_SECONDS)
