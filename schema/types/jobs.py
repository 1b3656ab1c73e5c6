"""Jobs: long work that a user asked for, and the files that it made."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import strawberry

from db.queries.jobs import ArtifactRow, JobRow
from schema.context import Context, Info
from schema.types.batch import batch_field
from schema.types.costs import at_most
from schema.types.enums import describe
from schema.types.errors import NotFound
from schema.types.nodes import Node, global_id
from schema.types.paging import Connection, page_request
from schema.types.streams import StreamEvent
from services.jobs.jobs import JobFilter
from services.jobs.states import JobKind, JobStatus

MOST_ARTIFACTS = 100

describe(
    JobKind,
    name="JobKind",
    description="What a job does.",
    values={"USER_EXPORT": "It gathers all that is kept of the user into one file."},
)
describe(
    JobStatus,
    name="JobStatus",
    description="How far a job is. One that has ended stays as it is.",
    values={
        "QUEUED": "It waits for a worker.",
        "RUNNING": "A worker is at it, or will go on with it soon.",
        "SUCCEEDED": "It has done what it was asked for.",
        "FAILED": "It could not be done; the error says why.",
        "TIMED_OUT": "It took too long.",
        "CANCELLED": "The user cancelled it.",
    },
)


@strawberry.type(description="Why a job failed.")
class JobError:
    code: str = strawberry.field(
        description="The reason, for programs: STORAGE_UNAVAILABLE, TOO_LARGE, TIMEOUT, WORKER_LOST, INTERNAL and others."
    )
    message: str = strawberry.field(description="The reason, as a sentence for people.")


@strawberry.type(description="A file that a job made.")
class Artifact(Node):
    row: strawberry.Private[ArtifactRow]
    stage: str | None = strawberry.field(description="The part of the job that made it; null where there are no parts.")
    name: str = strawberry.field(description="The name of the file.")
    content_type: str = strawberry.field(description="The media type of the file.")
    size_bytes: float = strawberry.field(description="The size of the file in bytes, a whole number.")

    @classmethod
    def from_row(cls, row: ArtifactRow) -> Self:
        return cls(
            row=row,
            id=global_id("Artifact", row.id),
            stage=row.stage,
            name=row.name,
            content_type=row.content_type,
            size_bytes=float(row.size_bytes),
        )

    @strawberry.field(
        description="Where to get the file, with no other credentials: keep it secret. "
        "It is good for about an hour and at most as long as the account; ask again for a new one."
    )
    async def url(self, info: Info) -> str:
        return f"{info.context.base_url}{info.context.services.downloads.path(self.row)}"


@strawberry.type(description="Long work that a user asked for; it goes on whether or not anybody watches it.")
class Job(Node):
    row: strawberry.Private[JobRow]
    kind: JobKind = strawberry.field(description="What it does.")
    status: JobStatus = strawberry.field(description="How far it is.")
    stage: str | None = strawberry.field(description="What it is at, or was last; null before it began.")
    progress: float = strawberry.field(description="How much of it is done, from 0 to 1. It never falls.")
    error: JobError | None = strawberry.field(description="Why it failed; null unless it did.")
    created_at: datetime = strawberry.field(description="The timestamp at which it was asked for.")
    started_at: datetime | None = strawberry.field(description="The timestamp of its beginning; null before that.")
    finished_at: datetime | None = strawberry.field(description="The timestamp of its end; null before that.")

    @classmethod
    def from_row(cls, row: JobRow) -> Self:
        return cls(
            row=row,
            id=global_id("Job", row.id),
            kind=JobKind(row.kind),
            status=JobStatus(row.status),
            stage=row.stage,
            progress=row.progress,
            error=JobError(code=row.error_code, message=row.error_message or "") if row.error_code else None,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @batch_field(
        description="The files that it made and that are still kept, the oldest first.",
        metadata=at_most(MOST_ARTIFACTS),
    )
    @staticmethod
    async def artifacts(jobs: "Sequence[Job]", info: Info) -> list[list[Artifact]]:
        made = await info.context.services.jobs.artifacts([job.row.id for job in jobs])
        return [[Artifact.from_row(row) for row in rows[:MOST_ARTIFACTS]] for rows in made]


async def jobs_of_user(
    context: Context, user_id: int, wanted: JobFilter, first: int, after: str | None
) -> Connection[Job]:
    service = context.services.jobs
    return Connection[Job].of(
        await service.page_of_user(user_id, wanted, page_request(first, after)),
        node=Job.from_row,
        place=lambda row: (row.created_at, row.id),
        count=lambda: service.count_of_user(user_id, wanted),
    )


@strawberry.input(description="A job to cancel.")
class JobCancelInput:
    id: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="The job has ended: it is CANCELLED, or as it had ended before.")
class JobCancelSuccess:
    job: Job = strawberry.field(description="The job.")


JobCancelResult = Annotated[
    JobCancelSuccess | NotFound, strawberry.union("JobCancelResult", description="What became of `jobCancel`.")
]


@strawberry.type(description="The job as it stands; it replaces what the client holds.")
class JobSnapshot(StreamEvent):
    job: Job = strawberry.field(description="The job.")


@strawberry.type(description="The job came further.")
class JobUpdate(StreamEvent):
    job: Job = strawberry.field(description="The job.")


@strawberry.type(description="The job has ended, in one way or another. The stream ends.")
class JobFinished(StreamEvent):
    job: Job = strawberry.field(description="The job.")


JobProgressEvent = Annotated[
    JobSnapshot | JobUpdate | JobFinished,
    strawberry.union("JobProgressEvent", description="An event of `jobProgress`."),
]
