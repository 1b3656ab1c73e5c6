import asyncio
import random

import pytest

from db.sessions import Transaction
from services.tasks.model import Cancellation, ClaimedTask, Handling
from tests.services.tasks import effects
from tests.services.tasks.stage import LANE, Stage, running, worker_for

FAR_MORE_TRIES_THAN_NEEDED = 10_000


@pytest.mark.asyncio
async def test_each_of_many_cancelled_tasks_ends_once(stage: Stage) -> None:
    chance = random.Random(1)  # noqa: S311  chance that can be repeated
    queue = stage.queue(lease_seconds=3)

    async def handle(task: ClaimedTask) -> None:
        await asyncio.sleep(chance.uniform(0, 0.01))
        await stage.finish(queue, task, "done")

    async def note_cancellation(tx: Transaction, task: ClaimedTask) -> None:
        await effects.apply(tx, task.id, "cancelled")

    async def cancel(task_id: int, key: str) -> None:
        await asyncio.sleep(chance.uniform(0, 0.5))
        async with stage.sessions.write() as tx:
            if await queue.request_cancel(tx, "reply", key) is Cancellation.DONE:
                await effects.apply(tx, task_id, "cancelled")

    keys = {await stage.add(key=f"message-{number}"): f"message-{number}" for number in range(200)}
    handlers = {"reply": Handling(handle=handle, on_cancelled=note_cancellation)}
    async with running(worker_for(queue, handlers)):
        await asyncio.gather(*(cancel(task_id, key) for task_id, key in keys.items()))
        await stage.until(lambda rows: all(row.finished_at for row in rows))
    ends = {row.id: {"SUCCEEDED": "done", "CANCELLED": "cancelled"}[row.status] for row in await stage.tasks()}
    assert sorted(await stage.effects()) == sorted(ends.items())
    assert set(ends.values()) == {"done", "cancelled"}


@pytest.mark.asyncio
async def test_work_that_is_cut_off_anywhere_is_done_once(stage: Stage) -> None:
    chance = random.Random(1)  # noqa: S311  chance that can be repeated
    queue = stage.queue()

    async def handle(task: ClaimedTask) -> None:
        await stage.finish(queue, task, "done")

    added = [await stage.add(max_attempts=FAR_MORE_TRIES_THAN_NEEDED) for _ in range(200)]
    rounds = 0
    while {row.status for row in await stage.tasks()} != {"SUCCEEDED"}:
        rounds += 1
        worker = worker_for(queue, {"reply": Handling(handle=handle)}, lanes={LANE: 4}, shutdown_grace_seconds=0)
        async with running(worker):
            await asyncio.sleep(chance.uniform(0.01, 0.05))
    assert sorted(await stage.effects()) == [(task_id, "done") for task_id in added]
    assert rounds > 1
