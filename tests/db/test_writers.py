"""Writers of several processes on one SQLite file: each waits its turn, none is refused, nothing is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, update

from db import clock
from db.engine import open_engines
from db.models.tables import AttemptCounter
from db.outbox import NewEvent
from db.sessions import Sessions

WRITERS = 8
TRANSACTIONS = 50

attempts = select(AttemptCounter.attempts)


async def count_up(url: str) -> None:
    """Read, add one and write, again and again, with engines of one's own as another process would have them."""
    engines = open_engines(url)
    sessions = Sessions(engines, on_commit=lambda _wakeups: None)
    try:
        for _ in range(TRANSACTIONS):
            async with sessions.write() as transaction:
                seen = await transaction.scalar(attempts)
                await transaction.execute(update(AttemptCounter).values(attempts=(seen or 0) + 1))
                await transaction.publish("counter", NewEvent(type="counted"))
    finally:
        await engines.close()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_all_writers_get_their_turn(database_url: str, sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        await transaction.execute(insert(AttemptCounter).values(key="a", attempts=0, resets_at=clock.now()))

    with ThreadPoolExecutor(WRITERS) as threads:
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(threads, asyncio.run, count_up(database_url)) for _ in range(WRITERS))
        )

    async with sessions.read() as reader:
        assert await reader.scalar(attempts) == WRITERS * TRANSACTIONS
