"""The throttle: exact whoever counts, and forgetful in time."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from db import clock
from db.engine import open_engines
from db.models.tables import AttemptCounter
from db.sessions import Sessions
from services.counters import database as counting
from services.counters.database import DatabaseCounter
from services.counters.throttle import Throttle
from services.errors import RateLimited
from services.rates import Rate
from tests.conditions import until

FIVE_A_MINUTE = Rate(attempts=5, seconds=60)


async def allowed(throttle: Throttle, subject: str, rate: Rate = FIVE_A_MINUTE, *, bucket: str = "auth") -> bool:
    try:
        await throttle.count(bucket, subject, rate)
    except RateLimited:
        return False
    return True


async def counters(sessions: Sessions) -> int:
    async with sessions.read() as reader:
        return await reader.scalar(select(func.count()).select_from(AttemptCounter)) or 0


async def end_all_windows(sessions: Sessions) -> None:
    async with sessions.write() as tx:
        await tx.execute(update(AttemptCounter).values(resets_at=clock.seconds_from_now(-0.001)))


@pytest.mark.asyncio
async def test_lets_so_many_through_and_says_when_to_come_back(sessions: Sessions) -> None:
    throttle = Throttle(DatabaseCounter(sessions), enabled=True)
    assert [await allowed(throttle, "ann") for _ in range(8)] == [True] * 5 + [False] * 3
    with pytest.raises(RateLimited) as refused:
        await throttle.count("auth", "ann", FIVE_A_MINUTE)
    assert 50 <= refused.value.reset_in_seconds <= 60


@pytest.mark.asyncio
async def test_counts_each_subject_in_each_bucket_by_itself(sessions: Sessions) -> None:
    throttle = Throttle(DatabaseCounter(sessions), enabled=True)
    once = Rate(attempts=1, seconds=60)
    for bucket, subject in [("auth", "ann"), ("auth", "ben"), ("messages", "ann"), ("auth", "Ann"), ("auth", "ann ")]:
        assert await allowed(throttle, subject, once, bucket=bucket)
        assert not await allowed(throttle, subject, once, bucket=bucket)


@pytest.mark.asyncio
async def test_begins_anew_when_the_window_is_over(sessions: Sessions) -> None:
    throttle = Throttle(DatabaseCounter(sessions), enabled=True)
    for _ in range(2):
        assert [await allowed(throttle, "ann") for _ in range(6)] == [True] * 5 + [False]
        await end_all_windows(sessions)


@pytest.mark.asyncio
async def test_attempts_beyond_the_rate_do_not_make_the_wait_longer(sessions: Sessions) -> None:
    throttle = Throttle(DatabaseCounter(sessions), enabled=True)
    once = Rate(attempts=1, seconds=60)
    await throttle.count("auth", "ann", once)
    async with sessions.write() as tx:
        await tx.execute(update(AttemptCounter).values(resets_at=clock.seconds_from_now(10)))
    waits: list[int] = []
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            await throttle.count("auth", "ann", once)
        waits.append(refused.value.reset_in_seconds)
    assert all(1 <= wait <= 10 for wait in waits)


@pytest.mark.asyncio
async def test_is_exact_when_two_processes_count_at_once(database_url: str, sessions: Sessions) -> None:
    elsewhere = open_engines(database_url, pool_size=5)
    try:
        throttles = [
            Throttle(DatabaseCounter(sessions), enabled=True),
            Throttle(DatabaseCounter(Sessions(elsewhere, lambda _: None)), enabled=True),
        ]
        answers = await asyncio.gather(*(allowed(throttles[number % 2], "ann") for number in range(40)))
    finally:
        await elsewhere.close()
    assert sum(answers) == 5


@pytest.mark.asyncio
async def test_counts_nothing_when_it_is_off(sessions: Sessions) -> None:
    throttle = Throttle(DatabaseCounter(sessions), enabled=False)
    assert all([await allowed(throttle, "ann") for _ in range(20)])
    assert await counters(sessions) == 0


@pytest.mark.asyncio
async def test_does_not_store_whom_it_counts(sessions: Sessions) -> None:
    await Throttle(DatabaseCounter(sessions), enabled=True).count("account", "192.0.2.1 ada@example.com", FIVE_A_MINUTE)
    async with sessions.read() as reader:
        (key,) = [key for (key,) in await reader.all(select(AttemptCounter.key))]
    assert key.startswith("account:")
    assert "192.0.2.1" not in key
    assert "ada" not in key


@pytest.mark.asyncio
async def test_forgets_windows_that_are_over(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "PURGE_SECONDS", 0)
    counter = DatabaseCounter(sessions)
    throttle = Throttle(counter, enabled=True)
    await throttle.count("auth", "ann", FIVE_A_MINUTE)
    await end_all_windows(sessions)
    await throttle.count("auth", "ben", FIVE_A_MINUTE)

    async def is_purged() -> bool:
        return await counters(sessions) == 1

    async with asyncio.TaskGroup() as group:
        running = group.create_task(counter.run())
        await until(is_purged)
        running.cancel()
    assert [await allowed(throttle, "ben") for _ in range(5)] == [True] * 4 + [False]
