"""A user's request for all that is kept of them: a job, one at a time."""

from db.outbox import NewTask
from db.queries import jobs as queries
from db.queries import users as user_queries
from db.queries.jobs import JobRow
from db.sessions import Sessions, Transaction
from services.audit import AuditKind, record
from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity.devices import Device
from services.jobs.jobs import owned
from services.jobs.states import TASKS, JobKind, announce
from services.tasks import lanes

MAX_ATTEMPTS = 5


class ExportService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def start(self, user_id: int, device: Device) -> JobRow:
        """The user's live export, or else a new one."""
        async with self._database.write() as tx:
            # One after the other, so that of many at once only one finds none that lives.
            if await tx.scalar(user_queries.lock(user_id)) is None:
                raise Unauthenticated(UnauthenticatedReason.REVOKED)
            job_id = await tx.scalar(queries.start(user_id, JobKind.USER_EXPORT))
            if job_id is not None:
                await _order(tx, user_id, job_id)
                await record(tx, AuditKind.USER_EXPORTED, user_id=user_id, address=device.address)
                return await owned(tx, user_id, job_id)
            live = await tx.row(JobRow, queries.live(user_id, JobKind.USER_EXPORT))
            if live is None:
                raise LookupError("A job was neither started nor found.")
            return live


async def _order(tx: Transaction, user_id: int, job_id: int) -> None:
    payload = {"jobId": job_id, "userId": user_id}
    kind = TASKS[JobKind.USER_EXPORT]
    await tx.enqueue(
        NewTask(kind=kind, lane=lanes.EXPORTS, key=str(job_id), payload=payload, max_attempts=MAX_ATTEMPTS)
    )
    await announce(tx, job_id)
