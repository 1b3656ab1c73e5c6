"""Jobs: found, and cancelled."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.jobs import Job, JobCancelInput, JobCancelResult, JobCancelSuccess
from schema.types.nodes import required_row_id, row_id


@strawberry.type
class JobQuery:
    @strawberry.field(description="One of the caller's jobs; null for any other.", extensions=[USERS])
    async def job(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The job's id.")]
    ) -> Job | None:
        wanted = [key] if (key := row_id("Job", id)) else []
        rows = await info.context.services.jobs.by_ids(info.context.viewer.signed_in_id, wanted)
        return next((Job.from_row(row) for row in rows if row is not None), None)


@strawberry.type
class JobMutation:
    @strawberry.mutation(
        description="Cancel a job. One that has ended stays as it is, and that is a success, too.", extensions=[USERS]
    )
    async def job_cancel(self, info: Info, input: JobCancelInput) -> JobCancelResult:
        job_id = required_row_id("Job", input.id)
        row = await info.context.services.jobs.cancel(info.context.viewer.signed_in_id, job_id)
        return JobCancelSuccess(job=Job.from_row(row))
