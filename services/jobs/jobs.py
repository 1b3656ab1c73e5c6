"""A user's jobs: listed, and cancelled."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from db.paging import Page, PageRequest, cut, page_of
from db.queries import jobs as queries
from db.queries.jobs import ArtifactRow, JobRow
from db.sessions import Reader, Sessions
from services.errors import NotFound
from services.jobs.states import TASKS, JobKind, JobStatus, end
from services.tasks.queue import TaskQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """All of a user's when nothing is given."""

    kind: JobKind | None = None
    status: JobStatus | None = None


class JobService:
    def __init__(self, database: Sessions, queue: TaskQueue) -> None:
        self._database = database
        self._queue = queue

    async def by_ids(self, user_id: int, ids: Sequence[int]) -> list[JobRow | None]:
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(JobRow, queries.by_ids(user_id, ids))}
        return [found.get(job_id) for job_id in ids]

    async def page_of_user(self, user_id: int, wanted: JobFilter, request: PageRequest) -> Page[JobRow]:
        statement = page_of(queries.of_user(user_id, wanted.kind, wanted.status), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(JobRow, statement), request)

    async def count_of_user(self, user_id: int, wanted: JobFilter) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_of_user(user_id, wanted.kind, wanted.status)) or 0

    async def artifacts(self, job_ids: Sequence[int]) -> list[list[ArtifactRow]]:
        """Of each of the jobs, which the caller was already shown."""
        async with self._database.read() as reader:
            rows = await reader.rows(ArtifactRow, queries.artifacts_of(job_ids))
        return [[row for row in rows if row.job_id == job_id] for job_id in job_ids]

    async def artifacts_by_ids(self, user_id: int, ids: Collection[int]) -> list[ArtifactRow | None]:
        async with self._database.read() as reader:
            rows = await reader.rows(ArtifactRow, queries.artifacts_by_ids(user_id, ids))
        found = {row.id: row for row in rows}
        return [found.get(artifact_id) for artifact_id in ids]

    async def cancel(self, user_id: int, job_id: int) -> JobRow:
        """The job as it then is: one that has ended stays as it is. Raises NotFound."""
        async with self._database.write() as tx:
            job = await owned(tx, user_id, job_id)
            # A worker that has the task hears of it sooner or later, and cannot succeed any more.
            await self._queue.request_cancel(tx, TASKS[JobKind(job.kind)], str(job_id))
            await end(tx, job_id, JobStatus.CANCELLED)
            return await owned(tx, user_id, job_id)


async def owned(reader: Reader, user_id: int, job_id: int) -> JobRow:
    """Raises NotFound."""
    job = await reader.row(JobRow, queries.by_ids(user_id, [job_id]))
    if job is None:
        raise NotFound("Job not found.")
    return job
