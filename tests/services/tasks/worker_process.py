"""A worker in a process of its own, for tests that kill it: `python -m tests.services.tasks.worker_process URL NAME SEED`."""

import asyncio
import os
import random
import signal
import sys

from db.engine import open_engines
from db.sessions import Sessions, Transaction
from services.tasks.model import ClaimedTask, Handling, TaskError
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from tests.services.tasks import effects

LEASE_SECONDS = 1.0
BEGUN = "begun"
"""Printed on a line of its own at the beginning of each try."""


def make_handlers(sessions: Sessions, queue: TaskQueue, chance: random.Random) -> dict[str, Handling]:
    async def work(task: ClaimedTask) -> None:
        sys.stdout.write(f"{BEGUN}\n")
        sys.stdout.flush()
        await asyncio.sleep(chance.uniform(0, 0.1))
        async with sessions.write() as tx:
            await effects.apply(tx, task.id, "done")
            await asyncio.sleep(chance.uniform(0, 0.01))
            await queue.succeed(tx, task)

    async def die(task: ClaimedTask) -> None:
        async with sessions.write() as tx:
            await effects.apply(tx, task.id, "tried")
        os.kill(os.getpid(), signal.SIGKILL)

    async def note_death(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        await effects.apply(tx, task.id, f"dead {error.code}")

    return {"reply": Handling(handle=work, on_dead=note_death), "poison": Handling(handle=die, on_dead=note_death)}


async def main(url: str, name: str, seed: int) -> None:
    engines = open_engines(url)
    sessions = Sessions(engines, on_commit=lambda _wakeups: None)
    queue = TaskQueue(sessions, {"replies": LEASE_SECONDS})
    chance = random.Random(seed)  # noqa: S311  chance that can be repeated
    await Worker(queue, make_handlers(sessions, queue, chance), {"replies": 2}, name, poll_seconds=0.05).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
