"""The queue of tasks: claims under a lease, and what only the holder of the lease may do. It runs nothing itself."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import tasks as queries
from db.queries.tasks import ClaimedRow
from db.sessions import Sessions, Transaction
from services.tasks.backoff import backoff_seconds
from services.tasks.model import (
    WORKER_LOST,
    Cancellation,
    ClaimedTask,
    Handling,
    Heartbeat,
    LeaseLost,
    Outcome,
    TaskCancelled,
    TaskError,
)

log: FilteringBoundLogger = structlog.get_logger()

MOST_ENDED = 20
"""Tasks that need no further try, before a claim answers: a crash may have left many."""


class TaskQueue:
    """All times are the database's. What takes a transaction is part of it: result and state are kept together, or
    neither is. A task may be tried by two workers at once, but only the one that claimed it last can write.
    """

    def __init__(
        self,
        sessions: Sessions,
        lease_seconds: Mapping[str, float],
        retry_seconds: Callable[[int], float] = backoff_seconds,
    ) -> None:
        """`lease_seconds` by lane; `retry_seconds` answers the wait after the try of that number."""
        self._sessions = sessions
        self._lease_seconds = dict(lease_seconds)
        self._retry_seconds = retry_seconds

    def lease_seconds(self, lane: str) -> float:
        """Raises KeyError for a lane without a lease."""
        return self._lease_seconds[lane]

    async def claim(self, lane: str, worker: str, handlers: Mapping[str, Handling]) -> ClaimedTask | None:
        """The task of a known kind that has waited longest, now held by the worker; None when none is due.

        What is found to need no further try, since its last one never ended or somebody asked for it to stop, is
        ended on the way; after so many the answer is None, and whoever waits for the lane is told to look again.
        """
        for _ in range(MOST_ENDED):
            found = await self._take(lane, worker, handlers)
            if found is None:
                return None
            task, tries_left = found
            if tries_left and not task.cancelled.is_set():
                return task
            try:
                await self.record_failure(task, WORKER_LOST, handlers[task.kind])
            except LeaseLost:
                log.warning("task.lease_lost", task_id=task.id, task_kind=task.kind)
            except Exception:
                # Its lease keeps it away from here for a while, so that it does not hold up the others.
                log.exception("task.not_ended", task_id=task.id, task_kind=task.kind)
        async with self._sessions.write() as tx:
            tx.wakeups.lanes.add(lane)
        return None

    async def _take(self, lane: str, worker: str, handlers: Mapping[str, Handling]) -> tuple[ClaimedTask, bool] | None:
        lease_token = secrets.token_hex(16)
        statement = queries.claim(
            lane=lane,
            kinds=handlers.keys(),
            worker=worker,
            lease_token=lease_token,
            lease_seconds=self._lease_seconds[lane],
        )
        async with self._sessions.write() as tx:
            row = await tx.row(ClaimedRow, statement)
        if row is None:
            return None
        task = ClaimedTask(
            id=row.id,
            kind=row.kind,
            lane=row.lane,
            key=row.key,
            payload=row.payload,
            attempt=min(row.attempt, row.max_attempts),
            max_attempts=row.max_attempts,
            lease_token=lease_token,
        )
        if row.cancel_requested:
            task.cancelled.set()
        return task, row.attempt <= row.max_attempts

    async def heartbeat(self, task: ClaimedTask) -> Heartbeat:
        """Extend the lease. Raises LeaseLost, but not when the holder itself has ended the task."""
        extension = queries.extend_lease(task.id, task.lease_token, self._lease_seconds[task.lane])
        async with self._sessions.write() as tx:
            extended = await tx.first(extension)
            if extended is None and await tx.scalar(queries.status_under(task.id, task.lease_token)) is None:
                raise LeaseLost
        if extended is None:
            return Heartbeat(cancel_requested=False, lease_expires_at=None)
        cancel_requested, lease_expires_at = extended
        if cancel_requested:
            task.cancelled.set()
        return Heartbeat(cancel_requested=cancel_requested, lease_expires_at=lease_expires_at)

    async def hold(self, tx: Transaction, task: ClaimedTask) -> None:
        """Fence the transaction: nobody else gets the task before it ends. Raises LeaseLost."""
        await self._lock(tx, task)

    async def held(self, tx: Transaction, tasks: Collection[ClaimedTask]) -> set[ClaimedTask]:
        """Those that are still held, and stay so until the transaction ends. Tells each that is asked to stop."""
        if not tasks:
            return set()
        rows = await tx.all(queries.lock_running({task.id for task in tasks}))
        running = {task_id: (lease_token, cancel_requested) for task_id, lease_token, cancel_requested in rows}
        held = set[ClaimedTask]()
        for task in tasks:
            lease_token, cancel_requested = running.get(task.id, (None, False))
            if lease_token == task.lease_token:
                held.add(task)
                if cancel_requested:
                    task.cancelled.set()
        return held

    async def succeed(self, tx: Transaction, task: ClaimedTask) -> None:
        """Raises LeaseLost, or TaskCancelled when somebody asked for the task to stop."""
        if not await tx.execute(queries.succeed(task.id, task.lease_token)):
            await self._lock(tx, task)
            raise TaskCancelled

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """End the task as CANCELLED. Raises LeaseLost."""
        if not await tx.execute(queries.end(task.id, task.lease_token, status="CANCELLED", error=None)):
            raise LeaseLost

    async def fail(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> Outcome:
        """Have the task tried again later, or end it when it may not be. Raises LeaseLost.

        Runs none of the kind's functions: `record_failure` does both.
        """
        cancel_requested = await self._lock(tx, task)
        held, report = (task.id, task.lease_token), asdict(error)
        if cancel_requested:
            await self.stop(tx, task)
            return Outcome.CANCELLED
        if error.retryable and task.attempt < task.max_attempts:
            await tx.execute(queries.retry(*held, delay_seconds=self._retry_seconds(task.attempt), error=report))
            return Outcome.RETRY
        await tx.execute(queries.end(*held, status="DEAD", error=report))
        return Outcome.DEAD

    async def request_cancel(self, tx: Transaction, kind: str, key: str) -> Cancellation:
        """Ask for the live task of this kind and key to stop. A running one hears of it by its next heartbeat or `held`."""
        match await tx.scalar(queries.request_cancel(kind, key)):
            case None:
                return Cancellation.NOT_LIVE
            case "CANCELLED":
                return Cancellation.DONE
            case _:
                return Cancellation.REQUESTED

    async def release(self, task: ClaimedTask) -> None:
        """Hand the task back untried, for any worker to take at once; does nothing when it is not held any more."""
        async with self._sessions.write() as tx:
            await self.hand_back(tx, task)

    async def hand_back(self, tx: Transaction, task: ClaimedTask) -> bool:
        """As `release`; False when it was not held."""
        if not await tx.execute(queries.release(task.id, task.lease_token)):
            return False
        tx.wakeups.lanes.add(task.lane)
        return True

    async def replay(self, tx: Transaction, task_id: int, lane: str) -> bool:
        """Let a dead task begin anew, with all its tries; False when it is not dead, or a live one has its key.

        Raises IntegrityError when one with its key is added at this very moment.
        """
        if not await tx.execute(queries.replay(task_id)):
            return False
        tx.wakeups.lanes.add(lane)
        return True

    async def record_success(self, task: ClaimedTask) -> None:
        """Mark a success unless the handler has. Raises LeaseLost or TaskCancelled."""
        async with self._sessions.read() as reader:
            status = await reader.scalar(queries.status_under(task.id, task.lease_token))
        if status in {None, "RUNNING"}:
            async with self._sessions.write() as tx:
                await self.succeed(tx, task)

    async def record_failure(self, task: ClaimedTask, error: TaskError, handling: Handling) -> Outcome:
        """`fail` in a transaction of its own, with the functions of the task's kind. Raises LeaseLost."""
        async with self._sessions.write() as tx:
            outcome = await self.fail(tx, task, error)
            if outcome is Outcome.CANCELLED:
                await _notify_cancelled(tx, task, handling)
                return outcome
            if handling.on_failed_attempt:
                await handling.on_failed_attempt(tx, task, error)
            if outcome is Outcome.DEAD and handling.on_dead:
                await handling.on_dead(tx, task, error)
            return outcome

    async def record_cancellation(self, task: ClaimedTask, handling: Handling) -> None:
        """`stop` in a transaction of its own, with the function of the task's kind. Raises LeaseLost."""
        async with self._sessions.write() as tx:
            await self.stop(tx, task)
            await _notify_cancelled(tx, task, handling)

    async def _lock(self, tx: Transaction, task: ClaimedTask) -> bool:
        """Whether somebody asked for the task to stop."""
        cancel_requested = await tx.scalar(queries.lock(task.id, task.lease_token))
        if cancel_requested is None:
            raise LeaseLost
        if cancel_requested:
            task.cancelled.set()
        return cancel_requested


async def _notify_cancelled(tx: Transaction, task: ClaimedTask, handling: Handling) -> None:
    if handling.on_cancelled:
        await handling.on_cancelled(tx, task)
