"""Several worker processes, each replaced when it ends, for tests that kill and freeze them."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.tasks.worker_process import BEGUN

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProcess:
    name: str
    process: Process

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


class WorkerProcesses:
    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._seed = seed
        self._busy: asyncio.Queue[WorkerProcess] = asyncio.Queue()
        self.started = 0

    async def busy(self) -> WorkerProcess:
        """The next to begin a try."""
        while not self._busy.empty():
            self._busy.get_nowait()
        return await self._busy.get()

    async def keep_one(self) -> None:
        while True:
            self.started += 1
            arguments = (self._url, f"worker {self.started}", str(self._seed * 1000 + self.started))
            command = (sys.executable, "-m", "tests.services.tasks.worker_process", *arguments)
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=DEVNULL, stdout=PIPE)
            try:
                await self._listen(WorkerProcess(name=arguments[1], process=process))
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()

    async def _listen(self, worker: WorkerProcess) -> None:
        if worker.process.stdout is None:
            raise RuntimeError("The output is not piped.")
        async for line in worker.process.stdout:
            if line.decode().strip() == BEGUN:
                self._busy.put_nowait(worker)


@asynccontextmanager
async def worker_processes(url: str, *, seed: int, number: int = 2) -> AsyncGenerator[WorkerProcesses]:
    workers = WorkerProcesses(url, seed)
    async with asyncio.TaskGroup() as group:
        keepers = [group.create_task(workers.keep_one()) for _ in range(number)]
        try:
            yield workers
        finally:
            for keeper in keepers:
                keeper.cancel()
