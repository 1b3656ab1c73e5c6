import asyncio
import re

import pytest
from sqlalchemy import Executable, event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import clock
from db.engine import Engines
from db.models.tables import Task
from db.outbox import NewTask
from db.queries import tasks as queries
from services.tasks.model import Handling
from tests.services.tasks.stage import LANE, Stage, do_nothing

HANDLERS = {"reply": Handling(handle=do_nothing)}


def waiting(key: str, kind: str = "reply") -> dict[str, object]:
    return {"kind": kind, "lane": LANE, "key": key, "payload": {}, "max_attempts": 1}


@pytest.mark.asyncio
async def test_the_oldest_due_task_comes_first(stage: Stage) -> None:
    queue = stage.queue()
    first, second, late = await stage.add(), await stage.add(), await stage.add(delay=60)
    await stage.make_due(second)
    assert [(await stage.claimed(queue)).id for _ in range(2)] == [second, first]
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    await stage.make_due(late)
    assert (await stage.claimed(queue)).id == late


@pytest.mark.asyncio
async def test_tasks_due_at_one_time_come_in_the_order_of_their_ids(stage: Stage) -> None:
    queue = stage.queue()
    async with stage.sessions.write() as tx:
        at_once = await tx.scalar(select(clock.now()))
        for key in "abc":
            await tx.execute(insert(Task).values(waiting(key)).values(run_at=at_once))
    assert [(await stage.claimed(queue)).key for _ in "abc"] == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_a_claim_says_what_is_claimed(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add(key="message-1", max_attempts=3)
    task = await stage.claimed(queue, "ann")
    assert (task.id, task.kind, task.lane, task.key) == (task_id, "reply", LANE, "message-1")
    assert (task.payload, task.attempt, task.max_attempts) == ({"for": "message-1"}, 1, 3)
    row = await stage.task(task_id)
    assert (row.status, row.attempt, row.worker) == ("RUNNING", 1, "ann")
    assert row.started_at is not None
    assert abs((row.run_at - row.started_at).total_seconds() - 60) < 1


@pytest.mark.asyncio
async def test_fifty_claims_at_once_get_fifty_tasks(stage: Stage) -> None:
    queue = stage.queue()
    added = [await stage.add() for _ in range(50)]
    claimed = await asyncio.gather(*(stage.claimed(queue, f"worker {number}") for number in range(50)))
    assert sorted(task.id for task in claimed) == added
    assert len({task.lease_token for task in claimed}) == 50
    assert await queue.claim(LANE, "tester", HANDLERS) is None


@pytest.mark.asyncio
async def test_fifty_enqueues_of_one_key_at_once_make_one_task(stage: Stage) -> None:
    async def enqueue() -> int | None:
        async with stage.sessions.write() as tx:
            return await tx.enqueue(NewTask(kind="reply", lane=LANE, key="message-1"))

    made = await asyncio.gather(*(enqueue() for _ in range(50)))
    assert sorted(task_id is None for task_id in made) == [False] + [True] * 49
    assert await stage.count() == 1


@pytest.mark.asyncio
async def test_a_key_is_free_again_once_its_task_has_ended(stage: Stage) -> None:
    queue = stage.queue()
    first = await stage.add(key="message-1")
    task = await stage.claimed(queue)
    with pytest.raises(ValueError, match="live task"):
        await stage.add(key="message-1")
    async with stage.sessions.write() as tx:
        await queue.succeed(tx, task)
    assert await stage.add(key="message-1") != first


@pytest.mark.asyncio
async def test_other_lanes_and_unknown_kinds_are_left_alone(stage: Stage) -> None:
    queue = stage.queue()
    unknown = await stage.add("film")
    elsewhere = await stage.add(lane="videos")
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    known = await stage.add()
    assert (await stage.claimed(queue)).id == known
    assert (await stage.claimed(queue, lane="videos")).id == elsewhere
    row = await stage.task(unknown)
    assert (row.status, row.attempt) == ("PENDING", 0)


@pytest.mark.asyncio
async def test_a_lease_that_ran_out_is_taken_over(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    first = await stage.claimed(queue, "ann")
    assert await queue.claim(LANE, "bob", HANDLERS) is None
    await stage.make_due(task_id)
    second = await stage.claimed(queue, "bob")
    assert (second.id, second.attempt) == (task_id, 2)
    assert second.lease_token != first.lease_token
    assert (await stage.task(task_id)).worker == "bob"


@pytest.mark.parametrize("kinds", [["reply"], ["metadata", "transcript", "summary"], ["summary", "nothing"]])
@pytest.mark.asyncio
async def test_a_claim_seeks_the_index(stage: Stage, engines: Engines, kinds: list[str]) -> None:
    """Whichever kinds of one lane a worker does, of 100,000 tasks."""
    of_lane = ("reply", "metadata", "transcript", "summary")
    many = [waiting(str(number), of_lane[number % len(of_lane)]) for number in range(100_000)]
    async with stage.sessions.write() as tx:
        await tx.execute(insert(Task).values(run_at=clock.seconds_from_now(60)), many)
    statement = queries.claim(lane=LANE, kinds=kinds, worker="ann", lease_token="t", lease_seconds=60)
    async with engines.writing.connect() as connection:
        if engines.dialect == "postgresql":
            await connection.execute(text("ANALYZE tasks"))
            # As for a prepared statement that has been used often.
            await connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        plan = await explain(connection, statement)
    assert any("ix_tasks_claimable" in line for line in plan), plan
    assert any(re.search(r"lane.* = .* AND .*run_at <= |lane=\? AND run_at<\?", line) for line in plan), plan
    assert not any(re.search(r"Sort|TEMP B-TREE|Seq Scan on tasks|SCAN tasks", line) for line in plan), plan


async def explain(connection: AsyncConnection, statement: Executable) -> list[str]:
    """The plan, line by line, of the statement as it is sent with its parameters."""
    sent: list[tuple[str, tuple[object, ...]]] = []

    def record(_connection: object, _cursor: object, sql: str, parameters: tuple[object, ...], *_rest: object) -> None:
        sent.append((sql, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", record)
    await connection.execute(statement)
    prefix = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    sql, parameters = sent[-1]
    return [str(row[-1]) for row in await connection.exec_driver_sql(f"{prefix} {sql}", parameters)]
