"""What the log leaves out, since there is nothing for an operator to do about it."""

import asyncio
import gc
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text

from db.engine import open_engines
from services.logging import configure_logging


@pytest.fixture
def own_logging() -> Iterator[None]:
    """What a test configures would otherwise go on writing to where that test's output went."""
    configured, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    yield
    structlog.configure(**configured)
    logging.getLogger().handlers[:] = handlers


MOST_STEPS = 40
"""Of the event loop, in which a connection is surely open, or on its way by more than its first step."""


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.asyncio
async def test_a_connection_that_nobody_waits_for_any_more_is_no_error(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    for steps in range(MOST_STEPS):
        engines = open_engines(database_url)

        async def ask() -> None:
            async with engines.reading.connect() as connection:  # noqa: B023  awaited within the turn
                await connection.execute(text("SELECT 1"))

        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask())
            for _ in range(steps):
                await asyncio.sleep(0)
            asking.cancel()
        await engines.close()
    gc.collect()
    await asyncio.sleep(0)
    assert capsys.readouterr().err == ""
