"""What a job may be, and how its state changes; each change is told to whoever watches the job.

Whoever also locks the job's task does that first, so that two writers never wait for each other in a ring.
"""

from enum import StrEnum

from db.outbox import NewEvent
from db.queries import jobs as queries
from db.sessions import Transaction
from services.tasks.model import TaskError

CHANGED = "changed"


class JobKind(StrEnum):
    USER_EXPORT = "USER_EXPORT"


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        return self not in {JobStatus.QUEUED, JobStatus.RUNNING}


TIMEOUT = TaskError(code="TIMEOUT", message="It took too long.", retryable=False)
"""The error that makes a job TIMED_OUT rather than FAILED."""

TASKS = {JobKind.USER_EXPORT: "export_user"}
"""The kind of the task that does a job of each kind; its key is the job's id."""


def topic_of(job_id: int) -> str:
    """Where every change of a job is told; the event carries nothing, since the job's row says it all."""
    return f"job:{job_id}"


async def announce(tx: Transaction, job_id: int) -> None:
    await tx.publish(topic_of(job_id), NewEvent(type=CHANGED))


async def advance(tx: Transaction, job_id: int, stage: str, progress: float) -> bool:
    """Say how far it is, from 0 to 1; False when it has ended or is gone, and nothing more is to be done for it."""
    if await tx.scalar(queries.advance(job_id, stage, progress)) is None:
        return False
    await announce(tx, job_id)
    return True


async def end(tx: Transaction, job_id: int, status: JobStatus, error: TaskError | None = None) -> bool:
    """End it for good; False when it has ended already or is gone, and stays as it is."""
    told = (None, None) if error is None else (error.code, error.message)
    if await tx.scalar(queries.end(job_id, status, *told)) is None:
        return False
    await announce(tx, job_id)
    return True


async def fail(tx: Transaction, job_id: int, error: TaskError) -> None:
    """When its task will not be tried again."""
    status = JobStatus.TIMED_OUT if error.code == TIMEOUT.code else JobStatus.FAILED
    await end(tx, job_id, status, error)
