"""Keeping a connection for hints through outages."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from structlog.typing import FilteringBoundLogger

from services.events.outages import describe, waits

STEADY_SECONDS = 30
"""A connection that held that long is no part of a series of failures."""

log: FilteringBoundLogger = structlog.get_logger()


class ConnectionLost(OSError):
    """The other side is gone."""


async def keep_connected(
    name: str, connection: Callable[[], Awaitable[None]], outages: tuple[type[Exception], ...]
) -> None:
    """Have `connection` connect and serve, again whenever it fails with one of `outages`. Ends with cancellation."""
    pauses = waits()
    while True:
        began = time.monotonic()
        try:
            await connection()
        except* outages as failures:
            if time.monotonic() - began > STEADY_SECONDS:
                pauses = waits()
            log.warning("hints.disconnected", by=name, error=describe(_first(failures)))
        # A task group that is cancelled while a part of it fails reports the failure alone.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(next(pauses))


def _first(failures: BaseExceptionGroup[Exception]) -> BaseException:
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
