from dataclasses import replace

import pytest
from sqlalchemy import text

from db.sessions import Transaction
from services.tasks.model import Cancellation, ClaimedTask, Handling, LeaseLost
from services.tasks.queue import TaskQueue
from tests.services.tasks import effects
from tests.services.tasks.stage import LANE, Stage, do_nothing


async def write_held(stage: Stage, queue: TaskQueue, task: ClaimedTask) -> None:
    async with stage.sessions.write() as tx:
        await effects.apply(tx, task.id, "held")
        await queue.hold(tx, task)


async def take_over(stage: Stage, queue: TaskQueue, task: ClaimedTask) -> ClaimedTask:
    await stage.make_due(task.id)
    return await stage.claimed(queue, "bob")


@pytest.mark.asyncio
async def test_result_and_success_are_kept_together(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    await stage.finish(queue, await stage.claimed(queue), "done")
    row = await stage.task(task_id)
    assert (row.status, row.error) == ("SUCCEEDED", None)
    assert row.finished_at is not None
    assert await stage.effects() == [(task_id, "done")]


@pytest.mark.asyncio
@pytest.mark.parametrize("ended_first", [False, True])
async def test_a_stale_completion_is_refused_and_its_writes_undone(stage: Stage, *, ended_first: bool) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    stale = await stage.claimed(queue, "ann")
    current = await take_over(stage, queue, stale)
    if ended_first:
        await stage.finish(queue, current, "bob's")
    with pytest.raises(LeaseLost):
        await stage.finish(queue, stale, "ann's")
    if not ended_first:
        await stage.finish(queue, current, "bob's")
    assert (await stage.task(task_id)).status == "SUCCEEDED"
    assert await stage.effects() == [(task_id, "bob's")]


@pytest.mark.asyncio
async def test_a_task_succeeds_once(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    task = await stage.claimed(queue)
    await stage.finish(queue, task, "once")
    with pytest.raises(LeaseLost):
        await stage.finish(queue, task, "twice")
    assert await stage.effects() == [(task_id, "once")]


@pytest.mark.asyncio
async def test_a_stale_holder_can_do_nothing(stage: Stage) -> None:
    queue = stage.queue()
    await stage.add()
    stale = await stage.claimed(queue, "ann")
    current = await take_over(stage, queue, stale)
    before = await stage.tasks()
    handling = Handling(handle=do_nothing)
    with pytest.raises(LeaseLost):
        await queue.heartbeat(stale)
    with pytest.raises(LeaseLost):
        await queue.record_success(stale)
    with pytest.raises(LeaseLost):
        await queue.record_cancellation(stale, handling)
    with pytest.raises(LeaseLost):
        await write_held(stage, queue, stale)
    await queue.release(stale)
    assert await stage.tasks() == before
    assert await stage.effects() == []
    await queue.heartbeat(current)


@pytest.mark.asyncio
async def test_a_heartbeat_extends_the_lease(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    task = await stage.claimed(queue)
    await stage.make_due(task_id)
    # Nobody has taken it over, so it is still held.
    assert not (await queue.heartbeat(task)).cancel_requested
    assert await queue.claim(LANE, "bob", {"reply": Handling(handle=do_nothing)}) is None


@pytest.mark.asyncio
async def test_a_heartbeat_after_the_holders_own_end_is_no_loss(stage: Stage) -> None:
    queue = stage.queue()
    await stage.add()
    task = await stage.claimed(queue)
    await stage.finish(queue, task, "done")
    await queue.heartbeat(task)
    await queue.record_success(task)
    assert len(await stage.effects()) == 1


@pytest.mark.asyncio
async def test_a_writer_for_many_learns_which_are_held(stage: Stage) -> None:
    queue = stage.queue()
    for _ in range(5):
        await stage.add()
    kept, lost, ended, other, unasked = [await stage.claimed(queue) for _ in range(5)]
    await stage.finish(queue, ended, "done")
    await take_over(stage, queue, lost)
    async with stage.sessions.write() as tx:
        assert await queue.held(tx, [kept, lost, ended, other]) == {kept, other}
        assert await queue.held(tx, [replace(unasked, lease_token="wrong"), replace(unasked, id=9999)]) == set()
        assert await queue.held(tx, []) == set()
        assert await queue.request_cancel(tx, "reply", other.key) is Cancellation.REQUESTED
        assert await queue.held(tx, [kept, other]) == {kept, other}
    assert [task.cancelled.is_set() for task in (kept, lost, other)] == [False, False, True]


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("for_many", [False, True])
async def test_what_a_transaction_holds_is_not_taken_over_before_it_ends(stage: Stage, *, for_many: bool) -> None:
    """SQLite has one writer at a time, so there it cannot be otherwise."""
    queue = stage.queue()
    task_id = await stage.add()
    task = await stage.claimed(queue, "ann")
    await stage.make_due(task_id)
    handlers = {"reply": Handling(handle=do_nothing)}

    async def hold(tx: Transaction) -> None:
        if for_many:
            assert await queue.held(tx, [task]) == {task}
        else:
            await queue.hold(tx, task)

    async with stage.sessions.write() as tx:
        await hold(tx)
        assert await queue.claim(LANE, "bob", handlers) is None
        await tx.execute(text("SELECT 1"))
    assert await queue.claim(LANE, "bob", handlers) is not None
