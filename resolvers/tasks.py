"""The queue of tasks: seen by operators, and worked off by their workers."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.pacing import UNPACED
from schema.permissions import ADMINS, WORKERS
from schema.types.costs import ONE_AN_OPERATION, PATIENT
from schema.types.nodes import required_row_id, row_id
from schema.types.notes import Note
from schema.types.paging import DEFAULT_SIZE, After, Connection, First
from schema.types.tasks import Task, notes_awaiting, tasks_of
from schema.types.worker_api import (
    TaskClaimInput,
    TaskClaimResult,
    TaskClaimSuccess,
    TaskCompleteInput,
    TaskCompleteResult,
    TaskCompleteSuccess,
    TaskFailInput,
    TaskFailResult,
    TaskFailSuccess,
    TaskHeartbeatInput,
    TaskHeartbeatResult,
    TaskHeartbeatSuccess,
    TaskReplayInput,
    TaskReplayResult,
    TaskReplaySuccess,
)
from services.errors import LeaseLost
from services.external_work.tasks import TaskListing
from services.external_work.types import TaskStatus, TaskType


@strawberry.type
class TaskQuery:
    @strawberry.field(description="A task; null when there is none of this id. For operators.", extensions=[ADMINS])
    async def task(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The task's id.")]
    ) -> Task | None:
        task_id = row_id("Task", id)
        row = None if task_id is None else await info.context.services.tasks.find(task_id)
        return None if row is None else Task.from_row(row)

    @strawberry.field(description="The tasks, the newest first. For operators.", extensions=[ADMINS])
    async def tasks(
        self,
        info: Info,
        type: Annotated[TaskType | None, strawberry.argument(description="Those of this type.")] = None,
        status: Annotated[TaskStatus | None, strawberry.argument(description="Those that stand so.")] = None,
        first: First = DEFAULT_SIZE,
        after: After = None,
    ) -> Connection[Task]:
        return await tasks_of(info.context, TaskListing(type=type, status=status), first, after)

    @strawberry.field(
        description="The notes on a video that await the assistant, the oldest first: without text, not emptied by their "
        "user, who has `aiNotesEnabled` on; null when there is no such video. For operators.",
        extensions=[ADMINS],
    )
    async def notes_awaiting_ai(
        self,
        info: Info,
        video_id: Annotated[strawberry.ID, strawberry.argument(description="The video's id.")],
        first: First = DEFAULT_SIZE,
        after: After = None,
    ) -> Connection[Note] | None:
        video = row_id("Video", video_id)
        return None if video is None else await notes_awaiting(info.context, video, first, after)


@strawberry.type
class TaskMutation:
    @strawberry.mutation(
        description="Take the task that has waited longest, or wait for one to come. For operators' workers. Asked for "
        "alone in its operation it may take longer than others; a task whose worker is gone before it has the answer is "
        "there for the next. Not put into the audit log unless a task is handed out.",
        extensions=[WORKERS],
        metadata={**ONE_AN_OPERATION, **PATIENT, **UNPACED},
    )
    async def task_claim(self, info: Info, input: TaskClaimInput) -> TaskClaimResult:
        context, claims = info.context, info.context.services.claims
        claim = await claims.claim(
            input.types, input.worker_id, input.wait_seconds, device=context.device, shutdown=context.shutdown
        )
        context.if_unanswered.append(lambda: claims.give_back(claim))
        return TaskClaimSuccess(
            task=Task.from_row(claim.row), lease_token=claim.task.lease_token, lease_seconds=claim.lease_seconds
        )

    @strawberry.mutation(
        description="Keep a task for another lease. For operators' workers; not put into the audit log.",
        extensions=[WORKERS],
        metadata=UNPACED,
    )
    async def task_heartbeat(self, info: Info, input: TaskHeartbeatInput) -> TaskHeartbeatResult:
        task_id = required_row_id("Task", input.id)
        heartbeat = await info.context.services.external_work.heartbeat(task_id, input.lease_token)
        if heartbeat.lease_expires_at is None:
            raise LeaseLost
        return TaskHeartbeatSuccess(
            lease_expires_at=heartbeat.lease_expires_at, cancel_requested=heartbeat.cancel_requested
        )

    @strawberry.mutation(
        description="Bring the result of a task, and end it. Sent again after a success, it succeeds and changes nothing. "
        "For operators' workers.",
        extensions=[ADMINS],
        metadata={**ONE_AN_OPERATION, **UNPACED},
    )
    async def task_complete(self, info: Info, input: TaskCompleteInput) -> TaskCompleteResult:
        task_id, work = required_row_id("Task", input.id), info.context.services.external_work
        row = await work.complete(task_id, input.lease_token, input.result.to_service())
        return TaskCompleteSuccess(task=Task.from_row(row))

    @strawberry.mutation(
        description="Give a task up: it is tried again later, if it may be. For operators' workers.",
        extensions=[ADMINS],
        metadata=UNPACED,
    )
    async def task_fail(self, info: Info, input: TaskFailInput) -> TaskFailResult:
        task_id, error = required_row_id("Task", input.id), input.error
        row = await info.context.services.external_work.fail(
            task_id, input.lease_token, code=error.code, message=error.message, retryable=error.retryable
        )
        return TaskFailSuccess(task=Task.from_row(row))

    @strawberry.mutation(
        description="Let a dead task begin anew: whatever waited for it is shown as waiting again. For operators.",
        extensions=[ADMINS],
    )
    async def task_replay(self, info: Info, input: TaskReplayInput) -> TaskReplayResult:
        row = await info.context.services.tasks.replay(required_row_id("Task", input.id))
        return TaskReplaySuccess(task=Task.from_row(row))
