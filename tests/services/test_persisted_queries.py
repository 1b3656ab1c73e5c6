"""Documents that clients ask for by their hash: shared, bounded, and cheap to find."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from db import clock
from db.engine import Engines, open_engines
from db.models.tables import AttemptCounter, PersistedQuery
from db.sessions import Sessions
from services.counters.database import DatabaseCounter
from services.counters.throttle import Throttle
from services.errors import RateLimited
from services.identity.tokens import digest
from services.persisted_queries import LARGEST_BYTES, MARKED_SECONDS, PersistedQueryService
from services.rates import Rate
from tests.statements import count_statements

RATE = Rate(attempts=5, seconds=60)
HOME = "192.0.2.1"
MARKED_BEFORE = timedelta(seconds=MARKED_SECONDS + 1)


def service_on(sessions: Sessions, *, kept: int = 100, throttled: bool = False) -> PersistedQueryService:
    return PersistedQueryService(sessions, Throttle(DatabaseCounter(sessions), enabled=throttled), RATE, kept=kept)


@asynccontextmanager
async def another_process(database_url: str) -> AsyncGenerator[PersistedQueryService]:
    engines = open_engines(database_url, pool_size=5)
    try:
        yield service_on(Sessions(engines, lambda _: None))
    finally:
        await engines.close()


async def stored(sessions: Sessions) -> set[str]:
    async with sessions.read() as reader:
        return {text for (text,) in await reader.all(select(PersistedQuery.text))}


async def age(sessions: Sessions, text: str, by: timedelta) -> None:
    used = clock.seconds_from_now(-by.total_seconds())
    async with sessions.write() as tx:
        await tx.execute(update(PersistedQuery).where(PersistedQuery.text == text).values(last_used_at=used))


async def is_marked(sessions: Sessions, text: str) -> bool:
    recent = PersistedQuery.last_used_at > clock.seconds_from_now(-60)
    async with sessions.read() as reader:
        return await reader.scalar(select(PersistedQuery.sha256).where(PersistedQuery.text == text, recent)) is not None


@pytest.mark.asyncio
async def test_what_one_process_registers_another_finds(database_url: str, sessions: Sessions) -> None:
    text = 'query Löve { server { version } } # "quoted" \U0001f389\r\n'
    service = service_on(sessions)
    assert await service.find(digest(text)) is None
    await service.register(HOME, text)
    async with another_process(database_url) as elsewhere:
        assert await elsewhere.find(digest(text)) == text
    assert await service.find(digest(text)) == text
    assert await service.find(digest(text + " ")) is None


@pytest.mark.asyncio
async def test_finding_again_asks_the_database_nothing(database_url: str, sessions: Sessions, engines: Engines) -> None:
    async with another_process(database_url) as elsewhere:
        await elsewhere.register(HOME, "{ a }")
    service = service_on(sessions)
    async with count_statements(engines) as statements:
        found = [await service.find(digest("{ a }")) for _ in range(20)]
        await service.register(HOME, "{ a }")
    assert found == ["{ a }"] * 20
    assert len(statements) == 1


@pytest.mark.asyncio
async def test_many_that_register_the_same_at_once_make_one_row(sessions: Sessions) -> None:
    service = service_on(sessions)
    await asyncio.gather(*(service.register(HOME, "{ a }") for _ in range(50)))
    assert await stored(sessions) == {"{ a }"}


@pytest.mark.asyncio
async def test_two_processes_registering_at_once_lose_nothing(database_url: str, sessions: Sessions) -> None:
    service = service_on(sessions)
    texts = {f"{{ a{number} }}" for number in range(25)}
    async with another_process(database_url) as elsewhere:
        await asyncio.gather(*(each.register(HOME, text) for text in texts for each in (service, elsewhere)))
    assert await stored(sessions) == texts


@pytest.mark.asyncio
async def test_those_used_last_stay(database_url: str, sessions: Sessions) -> None:
    service = service_on(sessions, kept=3)
    for number in range(3):
        await service.register(HOME, f"{{ a{number} }}")
        await age(sessions, f"{{ a{number} }}", timedelta(days=3 - number))
    # The oldest is used after all, by a process that has not got it in memory.
    async with another_process(database_url) as elsewhere:
        assert await elsewhere.find(digest("{ a0 }")) == "{ a0 }"
    await service.register(HOME, "{ a3 }")
    assert await stored(sessions) == {"{ a0 }", "{ a2 }", "{ a3 }"}
    async with another_process(database_url) as elsewhere:
        assert await elsewhere.find(digest("{ a1 }")) is None


@pytest.mark.asyncio
async def test_a_crowd_beyond_the_bound_is_cut_by_the_next(sessions: Sessions) -> None:
    crowded = service_on(sessions, kept=1000)
    await asyncio.gather(*(crowded.register(HOME, f"{{ a{number} }}") for number in range(30)))
    for number in range(30):
        await age(sessions, f"{{ a{number} }}", timedelta(minutes=number + 1))
    bounded = service_on(sessions, kept=10)
    await asyncio.gather(*(bounded.register(HOME, f"{{ b{number} }}") for number in range(5)))
    await bounded.register(HOME, "{ c }")
    left = await stored(sessions)
    assert len(left) == 10
    assert {"{ c }", *(f"{{ b{number} }}" for number in range(5))} <= left


@pytest.mark.asyncio
async def test_use_is_marked_once_an_hour(database_url: str, sessions: Sessions, engines: Engines) -> None:
    await service_on(sessions).register(HOME, "{ a }")
    async with count_statements(engines) as statements:
        await service_on(sessions).find(digest("{ a }"))
    assert [statement.split()[0] for statement in statements] == ["SELECT"]
    await age(sessions, "{ a }", MARKED_BEFORE)
    assert not await is_marked(sessions, "{ a }")
    async with another_process(database_url) as elsewhere:
        found = await asyncio.gather(*(each.find(digest("{ a }")) for each in (service_on(sessions), elsewhere)))
    assert found == ["{ a }", "{ a }"]
    assert await is_marked(sessions, "{ a }")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{ a }" + " " * LARGEST_BYTES, id="long"),
        pytest.param("{ a } # " + "\u00e9" * (LARGEST_BYTES // 2), id="long in UTF-8"),
        pytest.param("{ a } # \0", id="NUL, which Postgres cannot store"),
        pytest.param("{ a } # \ud800", id="half a pair of surrogates"),
    ],
)
@pytest.mark.asyncio
async def test_what_cannot_be_kept_is_let_be(text: str, sessions: Sessions) -> None:
    await service_on(sessions).register(HOME, text)
    assert await stored(sessions) == set()


@pytest.mark.asyncio
async def test_the_longest_is_kept(sessions: Sessions) -> None:
    text = "{ a }".ljust(LARGEST_BYTES)
    await service_on(sessions).register(HOME, text)
    assert await stored(sessions) == {text}


@pytest.mark.asyncio
async def test_one_address_registers_so_many(database_url: str, sessions: Sessions) -> None:
    service = service_on(sessions, throttled=True)
    for number in range(RATE.attempts):
        await service.register(HOME, f"{{ a{number} }}")
        await service.register(HOME, f"{{ a{number} }}")  # known, and counts for nothing
    with pytest.raises(RateLimited) as refused:
        await service.register(HOME, "{ b }")
    assert 50 <= refused.value.reset_in_seconds <= 60
    assert len(await stored(sessions)) == RATE.attempts

    # Known here only, finding, and what another address registers go on.
    await service.register(HOME, "{ a0 }")
    async with another_process(database_url) as elsewhere:
        await elsewhere.register("192.0.2.2", "{ c }")
    await service.register(HOME, "{ c }")
    assert await service.find(digest("{ c }")) == "{ c }"
    async with sessions.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(AttemptCounter)) == 1
