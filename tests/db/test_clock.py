"""Times come back as they went in, and compare with the database's own time on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from db import clock
from db.models.tables import AttemptCounter
from db.sessions import Sessions

INDIA = timezone(timedelta(hours=5, minutes=30))


async def store(sessions: Sessions, **times: datetime) -> None:
    rows = [{"key": key, "attempts": 0, "resets_at": time} for key, time in times.items()]
    async with sessions.write() as transaction:
        await transaction.execute(insert(AttemptCounter), rows)


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 11, 21, 23, 59, 59, 999999, UTC),
        datetime(2026, 11, 21, tzinfo=UTC),
        datetime(2026, 11, 21, 3, 15, 0, 1, INDIA),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999999, UTC),
    ],
    ids=str,
)
@pytest.mark.asyncio
async def test_time_comes_back_in_utc(sessions: Sessions, time: datetime) -> None:
    await store(sessions, a=time)

    async with sessions.read() as reader:
        stored = await reader.scalar(select(AttemptCounter.resets_at))
    assert stored == time
    assert stored is not None
    assert stored.tzinfo is UTC


@pytest.mark.asyncio
async def test_time_without_a_zone_is_refused(sessions: Sessions) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        await store(sessions, a=datetime(2026, 11, 21))  # noqa: DTZ001  it is what must be refused


@pytest.mark.asyncio
async def test_database_and_this_computer_agree(sessions: Sessions) -> None:
    before = datetime.now(UTC)
    async with sessions.read() as reader:
        now = await reader.scalar(select(clock.now()))
        later = await reader.scalar(select(clock.seconds_from_now(1.5)))
        earlier = await reader.scalar(select(clock.seconds_from_now(-0.25)))
    after = datetime.now(UTC)

    assert now is not None
    assert later is not None
    assert earlier is not None
    tick = timedelta(milliseconds=1)  # SQLite counts no finer
    assert before - tick <= now <= after + tick
    assert before - tick <= later - timedelta(seconds=1.5) <= after + tick
    assert before - tick <= earlier + timedelta(seconds=0.25) <= after + tick


@pytest.mark.asyncio
async def test_stored_times_compare_with_now(sessions: Sessions) -> None:
    now = datetime.now(UTC)
    second = timedelta(seconds=1)
    await store(sessions, past=now - second, whole=now.replace(microsecond=0) - second, future=now + 30 * second)
    async with sessions.write() as transaction:
        soon = clock.seconds_from_now(30)
        await transaction.execute(insert(AttemptCounter).values(key="soon", attempts=0, resets_at=soon))

    past = select(AttemptCounter.key).where(AttemptCounter.resets_at <= clock.now())
    within_a_minute = select(AttemptCounter.key).where(AttemptCounter.resets_at < clock.seconds_from_now(60))
    within_ten_seconds = select(AttemptCounter.key).where(AttemptCounter.resets_at < clock.seconds_from_now(10))
    async with sessions.read() as reader:
        assert set(await reader.rows(str, past)) == {"past", "whole"}
        assert set(await reader.rows(str, within_ten_seconds)) == {"past", "whole"}
        assert set(await reader.rows(str, within_a_minute)) == {"past", "whole", "future", "soon"}


@pytest.mark.asyncio
async def test_now_goes_on_within_a_transaction(sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        first = await transaction.scalar(select(clock.now()))
        assert first is not None
        async with asyncio.timeout(30):
            while await transaction.scalar(select(clock.now())) == first:
                pass
