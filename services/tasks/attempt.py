"""One try of a task: its handler, the heartbeat beside it, and the report of how it ended."""

import asyncio
from enum import StrEnum

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import FilteringBoundLogger

from services.tasks.model import INTERNAL, ClaimedTask, Handling, LeaseLost, TaskCancelled, TaskError, TaskFailed
from services.tasks.queue import TaskQueue

log: FilteringBoundLogger = structlog.get_logger()

HEARTBEATS_A_LEASE = 3


class Interruption(StrEnum):
    """Why a handler was, or is to be, cut short."""

    CANCELLED = "CANCELLED"
    LEASE_LOST = "LEASE_LOST"
    SHUTDOWN = "SHUTDOWN"


Ending = TaskError | Interruption | None
"""How a handler ended; None when it returned."""


class Attempt:
    """Reports the end of the task itself, so that `run` raises nothing. If the report fails, the lease runs out."""

    def __init__(self, queue: TaskQueue, task: ClaimedTask, handling: Handling, *, cancel_grace_seconds: float) -> None:
        self._queue = queue
        self._task = task
        self._handling = handling
        self._cancel_grace_seconds = cancel_grace_seconds
        self._lease_seconds = queue.lease_seconds(task.lane)
        self._lease_ends = 0.0
        self._grace: asyncio.TimerHandle | None = None
        self._interruption: Interruption | None = None
        self._handler: asyncio.Task[Ending] | None = None

    async def run(self) -> None:
        task = self._task
        with bound_contextvars(task_id=task.id, task_kind=task.kind, task_attempt=task.attempt):
            ending = await self._supervise()
            try:
                await self._report(ending)
            except LeaseLost:
                log.warning("task.lease_lost")
            except Exception:
                log.exception("task.not_ended")

    def interrupt(self, reason: Interruption) -> None:
        """Cancel the handler; of several reasons the first counts."""
        self._interruption = self._interruption or reason
        if self._handler is not None:
            self._handler.cancel()

    async def _supervise(self) -> Ending:
        self._lease_ends = asyncio.get_running_loop().time() + self._lease_seconds
        if self._interruption is not None:
            return self._interruption
        async with asyncio.TaskGroup() as group:
            self._handler = handler = group.create_task(self._handle())
            while not handler.done():
                # Waits instead of being a task of its own, so that no heartbeat is cut off within a statement.
                await asyncio.wait({handler}, timeout=self._lease_seconds / HEARTBEATS_A_LEASE)
                if not handler.done():
                    await self._keep_lease()
        if self._grace is not None:
            self._grace.cancel()
        return self._ending_of(handler)

    def _ending_of(self, handler: asyncio.Task[Ending]) -> Ending:
        if handler.cancelled():
            # Uninterrupted it ends so too, when something that it waits for is cancelled.
            return self._interruption or INTERNAL
        return handler.result()

    async def _handle(self) -> Ending:
        try:
            await self._handling.handle(self._task)
        except TaskFailed as failure:
            return failure.error
        except TaskCancelled:
            return Interruption.CANCELLED
        except LeaseLost:
            return Interruption.LEASE_LOST
        except Exception:
            log.exception("task.crashed")
            return INTERNAL
        return None

    async def _keep_lease(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(max(self._lease_ends - begun, self._lease_seconds / HEARTBEATS_A_LEASE)):
                heartbeat = await self._queue.heartbeat(self._task)
        except LeaseLost:
            self.interrupt(Interruption.LEASE_LOST)
        except Exception:
            log.exception("task.heartbeat_failed")
            if loop.time() >= self._lease_ends:
                self.interrupt(Interruption.LEASE_LOST)
        else:
            self._lease_ends = begun + self._lease_seconds
            if heartbeat.cancel_requested and self._grace is None:
                self._grace = loop.call_later(self._cancel_grace_seconds, self.interrupt, Interruption.CANCELLED)

    async def _report(self, ending: Ending) -> None:
        match ending:
            case None:
                await self._report_success()
            case Interruption.CANCELLED:
                await self._queue.record_cancellation(self._task, self._handling)
                log.info("task.cancelled")
            case Interruption.LEASE_LOST:
                log.warning("task.lease_lost")
            case Interruption.SHUTDOWN:
                await self._queue.release(self._task)
                log.info("task.released")
            case TaskError():
                outcome = await self._queue.record_failure(self._task, ending, self._handling)
                log.warning("task.failed", code=ending.code, outcome=outcome)

    async def _report_success(self) -> None:
        try:
            await self._queue.record_success(self._task)
        except TaskCancelled:
            await self._report(Interruption.CANCELLED)
