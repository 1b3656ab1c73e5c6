"""What a test of the queue needs at hand: tasks made, looked at and aged, and workers that run for a while."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

from db import clock
from db.models.tables import Task
from db.outbox import NewTask
from db.sessions import Sessions
from services.tasks.model import ClaimedTask, Handling
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from tests.conditions import until
from tests.services.tasks import effects
from tests.services.tasks.effects import EffectRow

LANE = "replies"
LONG_LEASE_SECONDS = 60.0
"""For tests in which no lease runs out by itself."""
WIND_DOWN_SECONDS = 20


class TaskRow(NamedTuple):
    id: int
    status: str
    attempt: int
    error: dict[str, object] | None
    worker: str | None
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


async def do_nothing(task: ClaimedTask) -> None:
    """The handler of a task that the test itself ends."""
    del task


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    sessions: Sessions

    def queue(self, *, lease_seconds: float = LONG_LEASE_SECONDS, retry_seconds: float = 0) -> TaskQueue:
        lanes = {LANE: lease_seconds, "videos": lease_seconds}
        return TaskQueue(self.sessions, lanes, lambda _attempt: retry_seconds)

    async def add(
        self, kind: str = "reply", *, key: str | None = None, lane: str = LANE, max_attempts: int = 5, delay: float = 0
    ) -> int:
        async with self.sessions.write() as tx:
            task_id = await tx.enqueue(
                NewTask(
                    kind=kind,
                    lane=lane,
                    key=key or f"{await self.count() + 1}",
                    payload={"for": key},
                    max_attempts=max_attempts,
                    delay_seconds=delay,
                )
            )
        if task_id is None:
            raise ValueError("There is a live task with this key.")
        return task_id

    async def count(self) -> int:
        return len(await self.tasks())

    async def claimed(self, queue: TaskQueue, worker: str = "tester", lane: str = LANE) -> ClaimedTask:
        task = await queue.claim(lane, worker, {"reply": Handling(handle=do_nothing)})
        if task is None:
            raise LookupError("No task is due.")
        return task

    async def finish(self, queue: TaskQueue, task: ClaimedTask, what: str) -> None:
        """Apply an effect and succeed, in one transaction."""
        async with self.sessions.write() as tx:
            await effects.apply(tx, task.id, what)
            await queue.succeed(tx, task)

    async def tasks(self) -> list[TaskRow]:
        columns = (
            Task.id,
            Task.status,
            Task.attempt,
            Task.error,
            Task.worker,
            Task.run_at,
            Task.started_at,
            Task.finished_at,
        )
        async with self.sessions.read() as reader:
            return await reader.rows(TaskRow, select(*columns).order_by(Task.id))

    async def task(self, task_id: int) -> TaskRow:
        return next(row for row in await self.tasks() if row.id == task_id)

    async def effects(self) -> list[EffectRow]:
        async with self.sessions.read() as reader:
            return await effects.load(reader)

    async def make_due(self, task_id: int) -> None:
        """As if its delay, or its lease, had run out a second ago."""
        async with self.sessions.write() as tx:
            await tx.execute(update(Task).where(Task.id == task_id).values(run_at=clock.seconds_from_now(-1)))

    async def until(self, hold: Callable[[Sequence[TaskRow]], bool], *, seconds: float = 10) -> None:
        """Return once this can be said of the rows of all tasks. Raises TimeoutError."""

        async def holds() -> bool:
            return hold(await self.tasks())

        await until(holds, seconds=seconds)

    async def until_status(self, task_id: int, status: str) -> TaskRow:
        await self.until(lambda rows: any((row.id, row.status) == (task_id, status) for row in rows))
        return await self.task(task_id)

    async def until_all(self, status: str, *, seconds: float = 10) -> None:
        await self.until(lambda rows: {row.status for row in rows} == {status}, seconds=seconds)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """The workers run until the block ends, which waits for them to wind down. Raises TimeoutError."""
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(worker.run()) for worker in workers]
        try:
            yield runs
        finally:
            for run in runs:
                run.cancel()
            _, stuck = await asyncio.wait(runs, timeout=WIND_DOWN_SECONDS)
            for run in stuck:
                run.cancel()
            if stuck:
                raise TimeoutError("A worker does not wind down.")


def worker_for(
    queue: TaskQueue,
    handlers: Mapping[str, Handling],
    *,
    lanes: Mapping[str, int] | None = None,
    name: str = "worker",
    cancel_grace_seconds: float = 30,
    shutdown_grace_seconds: float = 30,
) -> Worker:
    return Worker(
        queue,
        handlers,
        lanes or {LANE: 4},
        name,
        poll_seconds=0.02,
        cancel_grace_seconds=cancel_grace_seconds,
        shutdown_grace_seconds=shutdown_grace_seconds,
    )
