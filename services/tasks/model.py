"""The words of the task queue: a claimed task, the ways it can end, and what a kind of task brings along."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from db.sessions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """Why a try failed."""

    code: str
    message: str
    """A sentence that may be shown to people."""
    retryable: bool


INTERNAL = TaskError(code="INTERNAL", message="Something went wrong on our side.", retryable=True)
WORKER_LOST = TaskError(code="WORKER_LOST", message="The work was interrupted too often.", retryable=False)


class TaskFailed(Exception):
    """Raised by a handler that knows why it failed."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.error = TaskError(code=code, message=message, retryable=retryable)


class LeaseLost(Exception):
    """The task is not held under this token any more: whatever its transaction wrote must be undone."""


class TaskCancelled(Exception):
    """Somebody asked for the task to stop: it cannot succeed any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimedTask:
    """One try of a task, held under a lease."""

    id: int
    kind: str
    lane: str
    key: str
    payload: Mapping[str, object]
    attempt: int
    """Which try this is, from 1 to `max_attempts`."""
    max_attempts: int
    lease_token: str
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the queue learns that somebody asked for the task to stop. The handler should then end soon, by
    raising TaskCancelled or through `TaskQueue.stop`; after a grace it is cancelled."""

    def raise_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise TaskCancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    cancel_requested: bool
    lease_expires_at: datetime | None
    """None when the holder has ended the task."""


class Outcome(StrEnum):
    """What became of a task whose try failed."""

    RETRY = "RETRY"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


class Cancellation(StrEnum):
    """What became of a request to stop a task."""

    DONE = "DONE"
    """It was waiting and will never run. None of its kind's functions runs: what follows is the requester's to write."""
    REQUESTED = "REQUESTED"
    """It runs, and will end as CANCELLED or DEAD."""
    NOT_LIVE = "NOT_LIVE"
    """There is no such task, or it has ended."""


Handler = Callable[[ClaimedTask], Awaitable[None]]
OnFailure = Callable[[Transaction, ClaimedTask, TaskError], Awaitable[None]]
OnCancel = Callable[[Transaction, ClaimedTask], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How one kind of task is done.

    The `on_…` functions run in the transaction that changes the task's state: exactly once for each such change.
    """

    handle: Handler
    """Ends by `TaskQueue.succeed` in its last transaction; if it just returns, the worker marks the success."""
    on_failed_attempt: OnFailure | None = None
    """After each failed try, the last included. A try that ended with its worker has nobody to report it, unless it
    was the last."""
    on_dead: OnFailure | None = None
    """When there will be no further try."""
    on_cancelled: OnCancel | None = None
    """When the queue, not the handler, marks a task as cancelled that had been claimed."""
