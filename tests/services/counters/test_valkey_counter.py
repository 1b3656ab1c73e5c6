"""Attempts counted in Valkey: as exact as in the database, which stands in while it is away."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select

from db.models.tables import AttemptCounter
from db.sessions import Sessions
from services.counters.database import DatabaseCounter
from services.counters.valkey import ValkeyCounter
from services.rates import Rate
from services.settings import Settings
from tests.accounts import sign_in
from tests.server import serving
from tests.servers.ports import free_port
from tests.servers.valkey import valkey
from tests.settings import settings_for

FIVE_A_MINUTE = Rate(attempts=5, seconds=60)
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with valkey() as url:
        yield url


@asynccontextmanager
async def counting(url: str, sessions: Sessions) -> AsyncGenerator[ValkeyCounter]:
    counter = ValkeyCounter(url, DatabaseCounter(sessions))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(counter.run())
        yield counter
        running.cancel()


async def rows(sessions: Sessions) -> int:
    async with sessions.read() as reader:
        return await reader.scalar(select(func.count()).select_from(AttemptCounter)) or 0


@sqlite_alone
@pytest.mark.asyncio
async def test_is_exact_when_two_processes_count_at_once(url: str, sessions: Sessions) -> None:
    async with counting(url, sessions) as one, counting(url, sessions) as another:
        waits = await asyncio.gather(*((one, another)[n % 2].count("auth:ann", FIVE_A_MINUTE) for n in range(40)))
    assert waits.count(None) == 5
    assert all(50 < wait <= 60 for wait in waits if wait is not None)
    assert await rows(sessions) == 0


@sqlite_alone
@pytest.mark.asyncio
async def test_the_database_counts_while_it_is_away(sessions: Sessions) -> None:
    async with counting(f"redis://127.0.0.1:{free_port()}/0", sessions) as counter:
        waits = [await counter.count("auth:ben", FIVE_A_MINUTE) for _ in range(7)]
    assert [wait is None for wait in waits] == [True] * 5 + [False] * 2
    assert await rows(sessions) == 1


@sqlite_alone
@pytest.mark.asyncio
async def test_two_servers_share_a_limit_by_it(url: str, settings: Settings, sessions: Sessions) -> None:
    ours = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="6/minute", redis_url=url
    )
    async with serving(ours, work=False) as one, serving(ours, work=False) as another:
        answers = await asyncio.gather(
            *(sign_in((one, another)[n % 2].nobody, f"{n}@example.com", password="wrong horse") for n in range(20))
        )
    limited = [answer for answer in answers if "errors" in answer.body and answer.code == "RATE_LIMITED"]
    assert len(limited) == 14
    assert all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in limited)
    assert await rows(sessions) == 0
