"""The worker: claims tasks lane by lane and runs so many of each at once."""

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from structlog.typing import FilteringBoundLogger

from services.tasks.attempt import Attempt, Interruption
from services.tasks.model import ClaimedTask, Handling
from services.tasks.queue import TaskQueue

log: FilteringBoundLogger = structlog.get_logger()


class Worker:
    """Runs the tasks of the kinds and lanes it is given, once."""

    def __init__(
        self,
        queue: TaskQueue,
        handlers: Mapping[str, Handling],
        lanes: Mapping[str, int],
        name: str,
        *,
        poll_seconds: float = 1,
        cancel_grace_seconds: float = 5,
        shutdown_grace_seconds: float = 10,
    ) -> None:
        """`handlers` by kind; `lanes` says how many tasks of each may run at once.

        Raises KeyError when the queue has no lease for one of the lanes.
        """
        for lane in lanes:
            queue.lease_seconds(lane)
        self._queue = queue
        self._handlers = dict(handlers)
        self._lanes = dict(lanes)
        self._name = name
        self._poll_seconds = poll_seconds
        self._cancel_grace_seconds = cancel_grace_seconds
        self._shutdown_grace_seconds = shutdown_grace_seconds
        self._wakes = {lane: asyncio.Event() for lane in lanes}
        self._running = set[Attempt]()
        self._stopping = False

    def wake(self, lanes: Iterable[str]) -> None:
        """Hint that these lanes may have a task that is due. Without it the next poll finds it."""
        for lane in lanes:
            if lane in self._wakes:
                self._wakes[lane].set()

    async def run(self) -> None:
        """Work until cancelled; then claim no more, let what runs end within the grace, and hand back the rest.

        Cancelled again meanwhile, it drops everything: the leases then run out.
        """
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._serve_lanes())
            try:
                # Unlike awaiting it, this leaves it running when we are cancelled.
                await asyncio.wait({serving})
            except asyncio.CancelledError:
                await self._wind_down(serving)
                raise

    async def _wind_down(self, serving: asyncio.Task[None]) -> None:
        self._stopping = True
        self.wake(self._lanes)
        await asyncio.wait({serving}, timeout=self._shutdown_grace_seconds)
        for attempt in self._running:
            attempt.interrupt(Interruption.SHUTDOWN)
        await asyncio.wait({serving})

    async def _serve_lanes(self) -> None:
        async with asyncio.TaskGroup() as group:
            for lane, concurrency in self._lanes.items():
                group.create_task(self._serve(lane, asyncio.Semaphore(concurrency)))

    async def _serve(self, lane: str, slots: asyncio.Semaphore) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                if self._stopping:
                    break
                self._wakes[lane].clear()
                task = await self._claim(lane)
                if task is not None:
                    group.create_task(self._run(self._attempt(task), slots))
                    continue
                slots.release()
                await self._idle(lane)

    async def _claim(self, lane: str) -> ClaimedTask | None:
        try:
            task = await self._queue.claim(lane, self._name, self._handlers)
            if task is not None and self._stopping:
                await self._queue.release(task)
                return None
        except Exception:
            # The database may be away for a while; a worker outlives that.
            log.exception("task.claim_failed", lane=lane)
            return None
        return task

    async def _idle(self, lane: str) -> None:
        """Wait for a hint or the next poll."""
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._wakes[lane].wait()
        except TimeoutError:
            return

    def _attempt(self, task: ClaimedTask) -> Attempt:
        attempt = Attempt(self._queue, task, self._handlers[task.kind], cancel_grace_seconds=self._cancel_grace_seconds)
        self._running.add(attempt)
        return attempt

    async def _run(self, attempt: Attempt, slots: asyncio.Semaphore) -> None:
        try:
            await attempt.run()
        finally:
            self._running.discard(attempt)
            slots.release()
