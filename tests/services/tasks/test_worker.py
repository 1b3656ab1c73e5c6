import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from db.sessions import Transaction
from services.tasks.model import ClaimedTask, Handling, LeaseLost, TaskCancelled, TaskError, TaskFailed
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from tests.conditions import until
from tests.services.tasks import effects
from tests.services.tasks.stage import LANE, Stage, running, worker_for

FOREVER = 3600


def finishing(stage: Stage, queue: TaskQueue) -> Handling:
    """Applies its effect and succeeds, in one transaction."""

    async def handle(task: ClaimedTask) -> None:
        await stage.finish(queue, task, "done")

    return Handling(handle=handle)


class Gate:
    """A handler that says when it has begun and goes on when told to; and what became of it."""

    def __init__(self) -> None:
        self.tasks: list[ClaimedTask] = []
        self.opened = asyncio.Event()
        self.cut_short = 0

    async def __call__(self, task: ClaimedTask) -> None:
        self.tasks.append(task)
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cut_short += 1
            raise

    async def until_begun(self, times: int = 1) -> None:
        async def has_begun() -> bool:
            return len(self.tasks) >= times

        await until(has_begun)


async def note_death(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    await effects.apply(tx, task.id, f"dead {error.code}")


@pytest.mark.asyncio
async def test_tasks_are_done(stage: Stage) -> None:
    queue = stage.queue()
    added = [await stage.add() for _ in range(10)]
    async with running(worker_for(queue, {"reply": finishing(stage, queue)}, name="ann")):
        await stage.until_all("SUCCEEDED")
    assert sorted(effect.task_id for effect in await stage.effects()) == added
    assert {row.worker for row in await stage.tasks()} == {"ann"}


@pytest.mark.asyncio
async def test_a_handler_that_just_returns_has_succeeded(stage: Stage) -> None:
    async def handle(task: ClaimedTask) -> None:
        seen.append(task.key)

    seen: list[str] = []
    task_id = await stage.add(key="message-1")
    async with running(worker_for(stage.queue(), {"reply": Handling(handle=handle)})):
        await stage.until_status(task_id, "SUCCEEDED")
    assert seen == ["message-1"]


@pytest.mark.asyncio
async def test_a_hint_wakes_the_lane(stage: Stage) -> None:
    queue = stage.queue()
    worker = Worker(queue, {"reply": finishing(stage, queue)}, {LANE: 1}, "ann", poll_seconds=FOREVER)
    first = await stage.add()
    async with running(worker):
        await stage.until_status(first, "SUCCEEDED")
        second = await stage.add()
        worker.wake({LANE, "a lane of somebody else"})
        await stage.until_status(second, "SUCCEEDED")


@pytest.mark.asyncio
async def test_no_more_run_at_once_than_the_lane_may(stage: Stage) -> None:
    gate = Gate()
    for _ in range(5):
        await stage.add()
    async with running(worker_for(stage.queue(), {"reply": Handling(handle=gate)}, lanes={LANE: 3})):
        await gate.until_begun(3)
        assert [row.status for row in await stage.tasks()].count("RUNNING") == 3
        gate.opened.set()
        await stage.until_all("SUCCEEDED")


@pytest.mark.asyncio
async def test_a_full_lane_does_not_hold_up_another(stage: Stage) -> None:
    gate, queue = Gate(), stage.queue()
    for _ in range(6):
        await stage.add("film", lane="videos")
    reply = await stage.add()
    handlers = {"film": Handling(handle=gate), "reply": finishing(stage, queue)}
    async with running(worker_for(queue, handlers, lanes={"videos": 2, LANE: 1})):
        await gate.until_begun(2)
        await stage.until_status(reply, "SUCCEEDED")
        assert len(gate.tasks) == 2
        gate.opened.set()
        await stage.until_all("SUCCEEDED")


@pytest.mark.asyncio
async def test_a_lane_without_a_lease_is_refused(stage: Stage) -> None:
    with pytest.raises(KeyError):
        worker_for(stage.queue(), {}, lanes={"films": 1})


def raising(error: Callable[[], Exception]) -> Callable[[ClaimedTask], Awaitable[None]]:
    async def handle(task: ClaimedTask) -> None:
        del task
        raise error()

    return handle


@pytest.mark.asyncio
async def test_a_known_failure_is_recorded_and_the_task_dies_once(stage: Stage) -> None:
    handle = raising(lambda: TaskFailed("BUSY", "The model is busy.", retryable=True))
    task_id = await stage.add(max_attempts=3)
    handlers = {"reply": Handling(handle=handle, on_dead=note_death)}
    async with running(worker_for(stage.queue(), handlers), worker_for(stage.queue(), handlers)):
        row = await stage.until_status(task_id, "DEAD")
    assert row.attempt == 3
    assert row.error == {"code": "BUSY", "message": "The model is busy.", "retryable": True}
    assert await stage.effects() == [(task_id, "dead BUSY")]


@pytest.mark.asyncio
async def test_an_unknown_error_is_logged_and_hidden(stage: Stage) -> None:
    task_id = await stage.add(max_attempts=2)
    with capture_logs() as logs:
        async with running(worker_for(stage.queue(), {"reply": Handling(handle=raising(lambda: KeyError("secret")))})):
            row = await stage.until_status(task_id, "DEAD")
    assert row.error == {"code": "INTERNAL", "message": "Something went wrong on our side.", "retryable": True}
    crashes = [entry for entry in logs if entry["event"] == "task.crashed"]
    assert len(crashes) == 2
    assert all(entry["exc_info"] for entry in crashes)


@pytest.mark.asyncio
async def test_a_handler_cancelled_by_something_it_waits_for_has_failed(stage: Stage) -> None:
    async def handle(task: ClaimedTask) -> None:
        del task
        raise asyncio.CancelledError

    task_id = await stage.add(max_attempts=1)
    async with running(worker_for(stage.queue(), {"reply": Handling(handle=handle)})):
        row = await stage.until_status(task_id, "DEAD")
    assert row.error is not None
    assert row.error["code"] == "INTERNAL"


@pytest.mark.asyncio
async def test_a_long_task_keeps_its_lease(stage: Stage) -> None:
    gate = Gate()
    task_id = await stage.add()
    async with running(worker_for(stage.queue(lease_seconds=1.5), {"reply": Handling(handle=gate)})):
        await gate.until_begun()
        leases = {(await stage.task(task_id)).run_at}

        async def renewed() -> bool:
            leases.add((await stage.task(task_id)).run_at)
            return len(leases) == 6

        await until(renewed)
        gate.opened.set()
        row = await stage.until_status(task_id, "SUCCEEDED")
    assert row.attempt == 1
    assert len(gate.tasks) == 1


@pytest.mark.asyncio
async def test_a_handler_whose_task_was_taken_over_is_cancelled(stage: Stage) -> None:
    gate, queue = Gate(), stage.queue(lease_seconds=0.3)
    task_id = await stage.add(max_attempts=1000)
    handlers = {"reply": Handling(handle=gate)}
    takers = stage.queue()
    async with running(worker_for(queue, handlers, name="ann", lanes={LANE: 1})):
        await gate.until_begun()

        async def taken_over() -> bool:
            await stage.make_due(task_id)
            return await takers.claim(LANE, "bob", handlers) is not None

        await until(taken_over)

        async def cut_short() -> bool:
            return gate.cut_short == len(gate.tasks)

        await until(cut_short)
        row = await stage.task(task_id)
        assert (row.status, row.worker) == ("RUNNING", "bob")


@pytest.mark.asyncio
async def test_a_handler_that_finds_its_lease_lost_leaves_the_task_alone(stage: Stage) -> None:
    task_id = await stage.add()
    called = asyncio.Event()

    async def handle(task: ClaimedTask) -> None:
        del task
        called.set()
        raise LeaseLost

    with capture_logs() as logs:
        async with running(worker_for(stage.queue(), {"reply": Handling(handle=handle)})):
            await called.wait()
    assert [entry["event"] for entry in logs] == ["task.lease_lost"]
    assert (await stage.task(task_id)).status == "RUNNING"


async def note_cancellation(tx: Transaction, task: ClaimedTask) -> None:
    await effects.apply(tx, task.id, "cancelled")


async def request_cancel(stage: Stage, queue: TaskQueue) -> None:
    async with stage.sessions.write() as tx:
        await queue.request_cancel(tx, "reply", "message-1")


@pytest.mark.asyncio
async def test_a_handler_that_is_told_to_stop_can_end_by_itself(stage: Stage) -> None:
    queue, began = stage.queue(lease_seconds=1.5), asyncio.Event()

    async def handle(task: ClaimedTask) -> None:
        began.set()
        await task.cancelled.wait()
        async with stage.sessions.write() as tx:
            await effects.apply(tx, task.id, "stopped")
            await queue.stop(tx, task)

    task_id = await stage.add(key="message-1")
    async with running(worker_for(queue, {"reply": Handling(handle=handle, on_cancelled=note_cancellation)})):
        await began.wait()
        await request_cancel(stage, queue)
        await stage.until_status(task_id, "CANCELLED")
    assert await stage.effects() == [(task_id, "stopped")]


@pytest.mark.asyncio
@pytest.mark.parametrize("manner", ["raises", "returns", "ignores"])
async def test_a_task_that_is_to_stop_is_cancelled_once(stage: Stage, manner: str) -> None:
    queue, began = stage.queue(lease_seconds=1.5), asyncio.Event()

    async def handle(task: ClaimedTask) -> None:
        began.set()
        if manner == "ignores":
            await asyncio.sleep(FOREVER)
        await task.cancelled.wait()
        if manner == "raises":
            raise TaskCancelled

    task_id = await stage.add(key="message-1")
    handlers = {"reply": Handling(handle=handle, on_cancelled=note_cancellation, on_dead=note_death)}
    async with running(worker_for(queue, handlers, cancel_grace_seconds=0.05)):
        await began.wait()
        await request_cancel(stage, queue)
        row = await stage.until_status(task_id, "CANCELLED")
    assert (row.attempt, row.error) == (1, None)
    assert await stage.effects() == [(task_id, "cancelled")]
