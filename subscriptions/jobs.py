"""jobProgress: a job until it has ended."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.jobs import Job, JobFinished, JobProgressEvent, JobSnapshot, JobUpdate
from schema.types.nodes import required_row_id
from services.jobs.following import Progress, Step
from subscriptions.watching import watched


@strawberry.type
class JobSubscription:
    @strawberry.subscription(
        description="One of the caller's jobs as it goes on: a snapshot, updates, and at last JobFinished, once. "
        "With `after`, what came since, or a fresh snapshot where that position is not known any more.",
        extensions=[USERS],
    )
    async def job_progress(
        self,
        info: Info,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="The job.")],
        after: Annotated[
            str | None, strawberry.argument(description="The position of the last event the client has.")
        ] = None,
    ) -> AsyncGenerator[JobProgressEvent, None]:
        job, user_id = required_row_id("Job", job_id), info.context.viewer.signed_in_id
        steps = await info.context.services.job_progress.follow(user_id, job, after)
        return watched(info.context, steps, _event)


def _event(progress: Progress) -> JobSnapshot | JobUpdate | JobFinished:
    position, job = str(progress.position), Job.from_row(progress.job)
    match progress.step:
        case Step.SNAPSHOT:
            return JobSnapshot(position=position, job=job)
        case Step.UPDATE:
            return JobUpdate(position=position, job=job)
        case Step.FINISHED:
            return JobFinished(position=position, job=job)
