import pytest
from structlog.testing import capture_logs

from db.outbox import Wakeups
from db.sessions import Transaction
from services.tasks.backoff import backoff_seconds
from services.tasks.model import Cancellation, ClaimedTask, Handling, Outcome, TaskCancelled, TaskError
from services.tasks.queue import MOST_ENDED, TaskQueue
from tests.services.tasks import effects
from tests.services.tasks.stage import LANE, Stage, do_nothing

BUSY = TaskError(code="BUSY", message="The model is busy.", retryable=True)
REFUSED = TaskError(code="REFUSED", message="The model refused.", retryable=False)


async def note_attempt(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    await effects.apply(tx, task.id, f"attempt {task.attempt} {error.code}")


async def note_death(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    await effects.apply(tx, task.id, f"dead {error.code}")


async def note_cancellation(tx: Transaction, task: ClaimedTask) -> None:
    await effects.apply(tx, task.id, "cancelled")


NOTING = Handling(handle=do_nothing, on_failed_attempt=note_attempt, on_dead=note_death, on_cancelled=note_cancellation)
HANDLERS = {"reply": NOTING}


def test_the_wait_doubles_up_to_a_quarter_of_an_hour_and_is_spread() -> None:
    for attempt, seconds in ((1, 2), (3, 8), (9, 512), (10, 900), (1000, 900)):
        waits = [backoff_seconds(attempt) for _ in range(200)]
        assert seconds * 0.75 <= min(waits) < seconds * 0.9
        assert seconds * 1.1 < max(waits) <= seconds * 1.25


@pytest.mark.asyncio
async def test_a_failed_task_waits_and_is_tried_again(stage: Stage) -> None:
    queue = stage.queue(retry_seconds=30)
    task_id = await stage.add()
    task = await stage.claimed(queue)
    assert await queue.record_failure(task, BUSY, NOTING) is Outcome.RETRY
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("PENDING", 1)
    assert row.error == {"code": "BUSY", "message": "The model is busy.", "retryable": True}
    assert row.started_at is not None
    assert abs((row.run_at - row.started_at).total_seconds() - 30) < 2
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    await stage.make_due(task_id)
    assert (await stage.claimed(queue)).attempt == 2
    assert await stage.effects() == [(task_id, "attempt 1 BUSY")]


@pytest.mark.asyncio
async def test_success_clears_the_error_of_an_earlier_try(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    await queue.record_failure(await stage.claimed(queue), BUSY, NOTING)
    await queue.record_success(await stage.claimed(queue))
    row = await stage.task(task_id)
    assert (row.status, row.attempt, row.error) == ("SUCCEEDED", 2, None)


@pytest.mark.asyncio
async def test_a_task_is_dead_after_its_last_try(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add(max_attempts=2)
    assert await queue.record_failure(await stage.claimed(queue), BUSY, NOTING) is Outcome.RETRY
    assert await queue.record_failure(await stage.claimed(queue), BUSY, NOTING) is Outcome.DEAD
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("DEAD", 2)
    assert row.error == {"code": "BUSY", "message": "The model is busy.", "retryable": True}
    assert row.finished_at is not None
    assert [what for _, what in await stage.effects()] == ["attempt 1 BUSY", "attempt 2 BUSY", "dead BUSY"]
    assert await queue.claim(LANE, "tester", HANDLERS) is None


@pytest.mark.asyncio
async def test_what_cannot_succeed_is_not_tried_again(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add()
    task = await stage.claimed(queue)
    async with stage.sessions.write() as tx:
        assert await queue.fail(tx, task, REFUSED) is Outcome.DEAD
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("DEAD", 1)


@pytest.mark.asyncio
async def test_a_task_whose_last_try_never_ended_is_dead_when_found(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add(max_attempts=2)
    for _ in range(2):
        await stage.claimed(queue)
        await stage.make_due(task_id)
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("DEAD", 2)
    assert row.error is not None
    assert row.error["code"] == "WORKER_LOST"
    assert [what for _, what in await stage.effects()] == ["attempt 2 WORKER_LOST", "dead WORKER_LOST"]


@pytest.mark.asyncio
async def test_a_kind_that_cannot_note_a_death_does_not_hold_up_others(stage: Stage) -> None:
    async def fail_to_note(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        await note_death(tx, task, error)
        raise RuntimeError("a defect")

    queue = stage.queue()
    broken, other = await stage.add(max_attempts=1), await stage.add()
    await stage.claimed(queue)
    await stage.make_due(broken)
    with capture_logs() as logs:
        task = await queue.claim(LANE, "tester", {"reply": Handling(handle=do_nothing, on_dead=fail_to_note)})
    assert task is not None
    assert task.id == other
    assert [entry["event"] for entry in logs] == ["task.not_ended"]
    assert (await stage.task(broken)).status == "RUNNING"
    assert await stage.effects() == []
    # It is found again after another lease, by a worker that knows how.
    await stage.make_due(broken)
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    row = await stage.task(broken)
    assert (row.status, row.attempt) == ("DEAD", 1)
    assert [what for _, what in await stage.effects()] == ["attempt 1 WORKER_LOST", "dead WORKER_LOST"]


async def request_cancel(stage: Stage, queue: TaskQueue, key: str) -> Cancellation:
    async with stage.sessions.write() as tx:
        return await queue.request_cancel(tx, "reply", key)


@pytest.mark.asyncio
async def test_a_waiting_task_is_cancelled_at_once(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add(key="message-1")
    assert await request_cancel(stage, queue, "message-1") is Cancellation.DONE
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("CANCELLED", 0)
    assert row.finished_at is not None
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    assert await request_cancel(stage, queue, "message-1") is Cancellation.NOT_LIVE
    assert await request_cancel(stage, queue, "message-2") is Cancellation.NOT_LIVE
    assert await stage.effects() == []


@pytest.mark.asyncio
async def test_a_running_task_that_is_to_stop_cannot_succeed(stage: Stage) -> None:
    queue = stage.queue()
    task_id = await stage.add(key="message-1")
    task = await stage.claimed(queue)
    assert await request_cancel(stage, queue, "message-1") is Cancellation.REQUESTED
    assert not task.cancelled.is_set()
    with pytest.raises(TaskCancelled):
        await stage.finish(queue, task, "done")
    assert task.cancelled.is_set()
    assert await stage.effects() == []
    assert (await queue.heartbeat(task)).cancel_requested
    async with stage.sessions.write() as tx:
        await effects.apply(tx, task.id, "stopped")
        await queue.stop(tx, task)
    assert (await stage.task(task_id)).status == "CANCELLED"
    assert await stage.effects() == [(task_id, "stopped")]


@pytest.mark.asyncio
async def test_its_own_write_tells_a_holder_that_it_is_to_stop(stage: Stage) -> None:
    queue = stage.queue()
    await stage.add(key="message-1")
    task = await stage.claimed(queue)
    task.raise_if_cancelled()
    await request_cancel(stage, queue, "message-1")
    async with stage.sessions.write() as tx:
        await queue.hold(tx, task)
    with pytest.raises(TaskCancelled):
        task.raise_if_cancelled()


@pytest.mark.asyncio
@pytest.mark.parametrize("holder", ["fails", "vanishes", "releases"])
async def test_a_task_that_is_to_stop_is_not_tried_again(stage: Stage, holder: str) -> None:
    queue = stage.queue()
    task_id = await stage.add(key="message-1")
    task = await stage.claimed(queue)
    await request_cancel(stage, queue, "message-1")
    match holder:
        case "fails":
            assert await queue.record_failure(task, BUSY, NOTING) is Outcome.CANCELLED
        case "releases":
            await queue.release(task)
        case _:
            await stage.make_due(task_id)
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    assert (await stage.task(task_id)).status == "CANCELLED"
    assert await stage.effects() == [(task_id, "cancelled")]


@pytest.mark.asyncio
async def test_a_released_task_is_as_if_untried(stage: Stage, wakeups: list[Wakeups]) -> None:
    queue = stage.queue()
    task_id = await stage.add(max_attempts=1)
    task = await stage.claimed(queue)
    wakeups.clear()
    await queue.release(task)
    row = await stage.task(task_id)
    assert (row.status, row.attempt, row.worker, row.started_at) == ("PENDING", 0, None, None)
    assert [hint.lanes for hint in wakeups] == [{LANE}]
    assert (await stage.claimed(queue)).attempt == 1


@pytest.mark.asyncio
async def test_one_claim_ends_only_so_many_and_has_the_lane_looked_at_again(
    stage: Stage, wakeups: list[Wakeups]
) -> None:
    queue = stage.queue()
    lost = [await stage.add(max_attempts=1) for _ in range(MOST_ENDED + 5)]
    for _ in lost:
        await stage.claimed(queue)
    for task_id in lost:
        await stage.make_due(task_id)
    waiting = await stage.add()
    wakeups.clear()
    assert await queue.claim(LANE, "tester", HANDLERS) is None
    assert [(await stage.task(task_id)).status for task_id in lost] == ["DEAD"] * MOST_ENDED + ["RUNNING"] * 5
    assert [hint.lanes for hint in wakeups] == [{LANE}]
    assert (await stage.claimed(queue)).id == waiting
    assert {(await stage.task(task_id)).status for task_id in lost} == {"DEAD"}
