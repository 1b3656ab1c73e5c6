import asyncio

import pytest
from sqlalchemy import and_, column, event, func, select, table
from structlog.testing import capture_logs

from db.engine import Engines
from services.tasks.model import ClaimedTask, Handling
from tests.conditions import until
from tests.services.tasks.stage import LANE, WIND_DOWN_SECONDS, Stage, running, worker_for

activity = table("pg_stat_activity", column("pid"), column("datname"))


@pytest.mark.asyncio
async def test_what_runs_may_end_within_the_grace(stage: Stage) -> None:
    began, opened, queue = asyncio.Event(), asyncio.Event(), stage.queue()

    async def handle(task: ClaimedTask) -> None:
        began.set()
        await opened.wait()
        await stage.finish(queue, task, "done")

    first = await stage.add()
    async with running(worker_for(queue, {"reply": Handling(handle=handle)}, lanes={LANE: 2})) as runs:
        await began.wait()
        runs[0].cancel()
        await asyncio.wait(runs, timeout=0.1)
        assert not runs[0].done()
        later = await stage.add()
        opened.set()
        await asyncio.wait(runs)
        assert runs[0].cancelled()
    assert (await stage.task(first)).status == "SUCCEEDED"
    assert (await stage.task(later)).status == "PENDING"
    assert await stage.effects() == [(first, "done")]


@pytest.mark.asyncio
async def test_what_does_not_end_within_the_grace_is_handed_back(stage: Stage) -> None:
    began, closed = asyncio.Event(), asyncio.Event()

    async def handle(task: ClaimedTask) -> None:
        del task
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    task_id = await stage.add(max_attempts=1)
    worker = worker_for(stage.queue(), {"reply": Handling(handle=handle)}, shutdown_grace_seconds=0.05)
    async with running(worker):
        await began.wait()
    assert closed.is_set()
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("PENDING", 0)


@pytest.mark.asyncio
async def test_what_is_claimed_while_winding_down_is_handed_back(stage: Stage, engines: Engines) -> None:
    tried: list[ClaimedTask] = []

    async def handle(task: ClaimedTask) -> None:
        tried.append(task)

    task_id = await stage.add()
    async with running(worker_for(stage.queue(), {"reply": Handling(handle=handle)})) as runs:

        def stop(_connection: object) -> None:
            runs[0].cancel()

        # The worker's first commit is that of its claim.
        event.listen(engines.writing.sync_engine, "commit", stop, once=True)
        await asyncio.wait(runs, timeout=WIND_DOWN_SECONDS)
    row = await stage.task(task_id)
    assert (row.status, row.attempt) == ("PENDING", 0)
    assert tried == []


@pytest.mark.asyncio
async def test_a_second_cancellation_drops_everything(stage: Stage) -> None:
    began = asyncio.Event()

    async def handle(task: ClaimedTask) -> None:
        del task
        began.set()
        await asyncio.Event().wait()

    task_id = await stage.add()
    async with running(worker_for(stage.queue(), {"reply": Handling(handle=handle)})) as runs:
        await began.wait()
        runs[0].cancel()
        await asyncio.wait(runs, timeout=0.05)
        runs[0].cancel()
        await asyncio.wait(runs)
    assert (await stage.task(task_id)).status == "RUNNING"


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_worker_outlives_its_database_connections(stage: Stage) -> None:
    queue = stage.queue(lease_seconds=1)
    done = 0

    async def handle(task: ClaimedTask) -> None:
        nonlocal done
        await stage.finish(queue, task, "done")
        done += 1

    async def break_connections() -> None:
        others = and_(activity.c.datname == func.current_database(), activity.c.pid != func.pg_backend_pid())
        async with stage.sessions.read() as reader:
            await reader.all(select(func.pg_terminate_backend(activity.c.pid)).where(others))

    for _ in range(100):
        await stage.add(max_attempts=1000)
    with capture_logs():
        async with running(worker_for(queue, {"reply": Handling(handle=handle)})):
            for number in range(20, 100, 20):

                async def reached(number: int = number) -> bool:
                    return done >= number

                await until(reached)
                await break_connections()
            await stage.until_all("SUCCEEDED", seconds=30)
    assert sorted(effect.task_id for effect in await stage.effects()) == [row.id for row in await stage.tasks()]
