import asyncio
import contextlib
import random
import signal
from collections.abc import Sequence

import pytest

from tests.services.tasks.stage import Stage, TaskRow
from tests.services.tasks.worker_process import LEASE_SECONDS
from tests.services.tasks.worker_processes import WorkerProcess, worker_processes

SEEDS = (1, 2)
KILLS = 4
FREEZES = 2
TASKS_A_BLOW = 15
SECONDS = 60


async def freeze(stage: Stage, worker: WorkerProcess) -> None:
    """Stop the process until what it held has been taken over, then let it go on as if nothing had happened."""

    def holds_nothing(rows: Sequence[TaskRow]) -> bool:
        return not any(row.status == "RUNNING" and row.worker == worker.name for row in rows)

    worker.send(signal.SIGSTOP)
    try:
        # Frozen within a transaction on SQLite it keeps everybody from writing, so it has to be woken anyhow.
        with contextlib.suppress(TimeoutError):
            await stage.until(holds_nothing, seconds=LEASE_SECONDS * 2)
    finally:
        worker.send(signal.SIGCONT)


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", SEEDS)
async def test_tasks_of_killed_and_frozen_workers_are_done_once(stage: Stage, database_url: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  chance that can be repeated
    added: list[int] = []
    blows = ["kill"] * KILLS + ["freeze"] * FREEZES
    chance.shuffle(blows)
    async with asyncio.timeout(SECONDS), worker_processes(database_url, seed=seed) as workers:
        for blow in blows:
            added += [await stage.add(max_attempts=1000) for _ in range(TASKS_A_BLOW)]
            worker = await workers.busy()
            await asyncio.sleep(chance.uniform(0, 0.05))  # which moment of a try is hit
            if blow == "kill":
                worker.send(signal.SIGKILL)
            else:
                await freeze(stage, worker)
        await stage.until_all("SUCCEEDED", seconds=SECONDS)
    assert sorted(await stage.effects()) == [(task_id, "done") for task_id in added]
    assert max(row.attempt for row in await stage.tasks()) > 1


@pytest.mark.asyncio
async def test_a_task_that_kills_its_worker_dies_after_its_tries(stage: Stage, database_url: str) -> None:
    poison = await stage.add("poison", max_attempts=3)
    others = [await stage.add(max_attempts=1000) for _ in range(10)]
    async with worker_processes(database_url, seed=0) as workers:
        await stage.until(lambda rows: {row.status for row in rows} == {"DEAD", "SUCCEEDED"}, seconds=SECONDS)
        assert workers.started > 3
    row = await stage.task(poison)
    assert (row.status, row.attempt) == ("DEAD", 3)
    effects = await stage.effects()
    assert [what for task_id, what in effects if task_id == poison] == ["tried", "tried", "tried", "dead WORKER_LOST"]
    assert sorted(task_id for task_id, what in effects if what == "done") == others
