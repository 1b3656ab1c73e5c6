"""Tasks as operators see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Self

import strawberry

from db.queries.tasks import TaskRow
from schema.context import Context, Info
from schema.types.batch import batch_field
from schema.types.enums import describe
from schema.types.nodes import global_id
from schema.types.notes import Note, place
from schema.types.paging import Connection, page_request
from schema.types.videos import Video
from services.external_work.tasks import TaskListing
from services.external_work.types import TaskStatus, TaskType, type_of

describe(
    TaskType,
    name="TaskType",
    description="What a task is to do. The first four can be claimed by workers of somebody else.",
    values={
        "METADATA": "Fetch a video's title, channel, length and so on.",
        "TRANSCRIPT": "Fetch or make a video's transcript.",
        "SUMMARY": "Write a video's summary, and questions that it answers.",
        "NOTE": "Write the text of a note, from the transcript around its moment.",
        "REPLY": "Write an answer of Wiz.",
        "MAIL": "Send a mail.",
        "USER_EXPORT": "Gather all that is kept of a user into one file.",
        "OTHER": "Something that this version of the server does not know.",
    },
)
describe(
    TaskStatus,
    name="TaskStatus",
    description="How a task stands.",
    values={
        "PENDING": "It waits for a worker, or for its next try.",
        "RUNNING": "A worker holds it; or held it, and its lease ran out.",
        "SUCCEEDED": "It was done.",
        "DEAD": "It failed, and is not tried again.",
        "CANCELLED": "Somebody asked for it to stop.",
    },
)


@strawberry.type(description="Why the last try of a task failed.")
class TaskError:
    code: str = strawberry.field(description="The reason, for programs, such as NO_TRANSCRIPT or WORKER_LOST.")
    message: str = strawberry.field(description="The reason, as a sentence for people.")


@strawberry.type(description="Work that outlives the request that asked for it. Kept for 7 days after its end.")
class Task:
    row: strawberry.Private[TaskRow]
    id: strawberry.ID = strawberry.field(description="The opaque id of the task.")
    type: TaskType = strawberry.field(description="What it is to do.")
    status: TaskStatus = strawberry.field(description="How it stands.")
    attempt: int = strawberry.field(description="Which try this is, or was the last; 0 before the first.")
    max_attempts: int = strawberry.field(description="How often it is tried at most.")
    error: TaskError | None = strawberry.field(description="Why the last try that failed did so; null before one did.")
    worker: str | None = strawberry.field(description="Who claimed it last; null before that.")
    cancel_requested: bool = strawberry.field(description="Whether somebody asked for it to stop.")
    lease_expires_at: datetime | None = strawberry.field(
        description="The timestamp until which its worker holds it without a sign of life; null unless it is RUNNING."
    )
    run_at: datetime | None = strawberry.field(
        description="The timestamp before which it is not tried; null unless it is PENDING."
    )
    created_at: datetime = strawberry.field(description="The timestamp at which it was asked for.")
    started_at: datetime | None = strawberry.field(description="The timestamp of its last claim; null before that.")
    finished_at: datetime | None = strawberry.field(description="The timestamp of its end; null before that.")

    @classmethod
    def from_row(cls, row: TaskRow) -> Self:
        status = TaskStatus(row.status)
        return cls(
            row=row,
            id=global_id("Task", row.id),
            type=type_of(row.kind),
            status=status,
            attempt=row.attempt,
            max_attempts=row.max_attempts,
            error=_error_of(row.error),
            worker=row.worker,
            cancel_requested=row.cancel_requested,
            lease_expires_at=row.run_at if status is TaskStatus.RUNNING else None,
            run_at=row.run_at if status is TaskStatus.PENDING else None,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @strawberry.field(
        description="The languages in which the transcript is wanted, the most wanted first; null unless it is for one."
    )
    def languages(self, info: Info) -> list[str] | None:
        wanted = info.context.services.settings.youtube_languages
        return list(wanted) if self.type is TaskType.TRANSCRIPT else None

    @batch_field(description="The video that it is about; null when it is about none, or that is gone.")
    @staticmethod
    async def video(tasks: Sequence["Task"], info: Info) -> list[Video | None]:
        ids = [_id_in(task.row.payload, "videoId") for task in tasks]
        rows = await info.context.services.videos.by_ids([one for one in ids if one is not None])
        found = {row.id: Video.from_row(row) for row in rows if row is not None}
        return [None if one is None else found.get(one) for one in ids]

    @batch_field(description="The note that it is about; null when it is about none, or that is gone.")
    @staticmethod
    async def note(tasks: Sequence["Task"], info: Info) -> list[Note | None]:
        ids = [_id_in(task.row.payload, "noteId") for task in tasks]
        rows = await info.context.services.tasks.notes(ids)
        return [None if row is None else Note.from_row(row) for row in rows]


def _error_of(error: Mapping[str, object] | None) -> TaskError | None:
    return None if error is None else TaskError(code=str(error["code"]), message=str(error["message"]))


def _id_in(payload: Mapping[str, object], name: str) -> int | None:
    value = payload.get(name)
    return value if isinstance(value, int) else None


async def tasks_of(context: Context, listing: TaskListing, first: int, after: str | None) -> Connection[Task]:
    tasks = context.services.tasks
    return Connection[Task].of(
        await tasks.page(listing, page_request(first, after, (int,))),
        node=Task.from_row,
        place=lambda row: (row.id,),
        count=partial(tasks.count, listing),
    )


async def notes_awaiting(context: Context, video_id: int, first: int, after: str | None) -> Connection[Note] | None:
    tasks = context.services.tasks
    page = await tasks.notes_awaiting(video_id, page_request(first, after))
    if page is None:
        return None
    return Connection[Note].of(
        page, node=Note.from_row, place=place, count=partial(tasks.count_notes_awaiting, video_id)
    )
