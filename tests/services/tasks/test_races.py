import asyncio
import contextlib
import random

import pytest

from db.sessions import Transaction
from services.tasks.model import Cancellation, ClaimedTask, Handling
from tests.services.tasks import effects
from tests.services.tasks.stage import LANE, Stage, running, worker_for

FAR_MORE_TRIES_THAN_NEEDED = 10_000
MOST_ROUNDS = 100
"""If a cut-off task were left to its lease, there would be many rounds with nothing to do."""


@pytest.mark.asyncio
async def test_each_of_many_cancelled_tasks_ends_once(stage: Stage) -> None:
    chance = random.Random(1)  # noqa: S311  chance that can be repeated
    queue = stage.queue(lease_seconds=3)

    async def handle(task: ClaimedTask) -> None:
        await asyncio.sleep(chance.uniform(0, 0.01))
        await stage.finish(queue, task, "done")

    async def note_cancellation(tx: Transaction, task: ClaimedTask) -> None:
        await effects.apply(tx, task.id, "cancelled")

    async def cancel(task_id: int) -> None:
        await asyncio.sleep(chance.uniform(0, 0.5))
        async with stage.sessions.write() as tx:
            if await queue.request_cancel(tx, "reply", keys[task_id]) is Cancellation.DONE:
                await effects.apply(tx, task_id, "cancelled")

    keys = {await stage.add(key=f"message-{number}"): f"message-{number}" for number in range(200)}
    handlers = {"reply": Handling(handle=handle, on_cancelled=note_cancellation)}
    first, *others = keys
    await cancel(first)
    async with running(worker_for(queue, handlers)):
        # A third is left alone, so that whatever the speed here some are done.
        await asyncio.gather(*(cancel(task_id) for task_id in others if task_id % 3))
        await stage.until(lambda rows: all(row.finished_at for row in rows))
    ends = {row.id: {"SUCCEEDED": "done", "CANCELLED": "cancelled"}[row.status] for row in await stage.tasks()}
    assert sorted(await stage.effects()) == sorted(ends.items())
    assert set(ends.values()) == {"done", "cancelled"}


@pytest.mark.asyncio
async def test_work_that_is_cut_off_anywhere_is_done_once(stage: Stage) -> None:
    chance = random.Random(1)  # noqa: S311  chance that can be repeated
    queue, begun = stage.queue(lease_seconds=3600), asyncio.Semaphore(0)

    async def handle(task: ClaimedTask) -> None:
        begun.release()
        await stage.finish(queue, task, "done")

    async def some_have_begun() -> None:
        for _ in range(chance.randint(1, 12)):
            await begun.acquire()
        await asyncio.sleep(chance.uniform(0, 0.005))  # which moment of a try is hit

    added = [await stage.add(max_attempts=FAR_MORE_TRIES_THAN_NEEDED) for _ in range(100)]
    rounds = 0
    while rounds < MOST_ROUNDS and {row.status for row in await stage.tasks()} != {"SUCCEEDED"}:
        rounds += 1
        worker = worker_for(queue, {"reply": Handling(handle=handle)}, lanes={LANE: 4}, shutdown_grace_seconds=0)
        async with running(worker):
            # At the end there may be fewer left.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(some_have_begun(), 1)
    assert sorted(await stage.effects()) == [(task_id, "done") for task_id in added]
    assert 1 < rounds < MOST_ROUNDS
