"""What a transaction does becomes visible together or not at all, and nobody is woken for nothing."""

import asyncio
from typing import Never

import pytest
from sqlalchemy import event, func, insert, select

from db import clock
from db.engine import Engines
from db.models.tables import AttemptCounter, Event, EventTopic, Task
from db.outbox import NewEvent, NewTask, Wakeups
from db.sessions import Reader, Sessions, Transaction

TOPIC = "video:1"
TASK = NewTask(kind="video.transcript", lane="videos", key="1", payload={"videoId": 1})


async def counted(reader: Reader) -> list[int | None]:
    tables = (AttemptCounter, EventTopic, Event, Task)
    return [await reader.scalar(select(func.count()).select_from(table)) for table in tables]


async def write_one_of_each(transaction: Transaction) -> int:
    """The number of the event."""
    await transaction.execute(insert(AttemptCounter).values(key="a", attempts=1, resets_at=clock.now()))
    seq = await transaction.publish(TOPIC, NewEvent(type="changed", data={"n": 1}))
    await transaction.enqueue(TASK)
    return seq


async def fail_after_writing(sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        await write_one_of_each(transaction)
        raise ZeroDivisionError


@pytest.mark.asyncio
async def test_commit_keeps_rows_events_and_tasks(sessions: Sessions, wakeups: list[Wakeups]) -> None:
    async with sessions.write() as transaction:
        seq = await write_one_of_each(transaction)
        assert wakeups == []

    async with sessions.read() as reader:
        assert await counted(reader) == [1, 1, 1, 1]
    assert wakeups == [Wakeups(topics={TOPIC: seq}, lanes={"videos"})]


@pytest.mark.asyncio
async def test_error_undoes_rows_events_and_tasks(sessions: Sessions, wakeups: list[Wakeups]) -> None:
    with pytest.raises(ZeroDivisionError):
        await fail_after_writing(sessions)

    async with sessions.read() as reader:
        assert await counted(reader) == [0, 0, 0, 0]
    assert wakeups == []


@pytest.mark.asyncio
async def test_cancelled_transaction_is_undone(sessions: Sessions, wakeups: list[Wakeups]) -> None:
    with pytest.raises(TimeoutError):
        async with sessions.write() as transaction, asyncio.timeout(0):
            await write_one_of_each(transaction)

    async with sessions.read() as reader:
        assert await counted(reader) == [0, 0, 0, 0]
    assert wakeups == []


@pytest.mark.asyncio
async def test_nobody_is_woken_when_the_commit_fails(
    sessions: Sessions, wakeups: list[Wakeups], engines: Engines
) -> None:
    def fail(_connection: object) -> Never:
        raise ConnectionError

    event.listen(engines.writing.sync_engine, "commit", fail)
    with pytest.raises(ConnectionError):
        async with sessions.write() as transaction:
            await write_one_of_each(transaction)

    async with sessions.read() as reader:
        assert await counted(reader) == [0, 0, 0, 0]
    assert wakeups == []


@pytest.mark.asyncio
async def test_transaction_without_events_wakes_nobody(sessions: Sessions, wakeups: list[Wakeups]) -> None:
    async with sessions.write() as transaction:
        await transaction.execute(insert(AttemptCounter).values(key="a", attempts=1, resets_at=clock.now()))

    assert wakeups == []


@pytest.mark.asyncio
async def test_undone_events_leave_no_gap(sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        first = await transaction.publish(TOPIC, NewEvent(type="changed"))
    with pytest.raises(ZeroDivisionError):
        await fail_after_writing(sessions)
    async with sessions.write() as transaction:
        second = await transaction.publish(TOPIC, NewEvent(type="changed"))

    assert second == first + 1


@pytest.mark.asyncio
async def test_live_task_is_not_made_twice(sessions: Sessions, wakeups: list[Wakeups]) -> None:
    async with sessions.write() as transaction:
        assert await transaction.enqueue(TASK) is not None
    async with sessions.write() as transaction:
        assert await transaction.enqueue(TASK) is None

    assert wakeups == [Wakeups(lanes={"videos"})]


@pytest.mark.asyncio
async def test_snapshot_sees_one_state_while_others_write(sessions: Sessions) -> None:
    async with sessions.read(snapshot=True) as reader:
        before = await counted(reader)
        async with sessions.write() as transaction:
            await write_one_of_each(transaction)
        assert await counted(reader) == before

    async with sessions.read(snapshot=True) as reader:
        assert await counted(reader) == [1, 1, 1, 1]
