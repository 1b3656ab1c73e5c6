"""What workers of somebody else send and are told: claims, signs of life, results and failures."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types.unset import UNSET

from schema.types.errors import InvalidInput, LeaseLost, NoTask, NotFound, TaskCancelled, TaskNotReplayable
from schema.types.nodes import required_row_id
from schema.types.scalars import JSON
from schema.types.tasks import Task
from schema.types.transcript_segments import TranscriptSegmentInput
from services import limits
from services.external_work.outcomes import GivenResult, GivenSummary
from services.external_work.types import TaskType
from services.llm.writing.drafts import QUESTIONS

DEFAULT_WAIT_SECONDS = 30
NO_ROW = 0
"""What nothing has for an id."""


@strawberry.input(description="What a worker can do, and how long it waits for some of it.")
class TaskClaimInput:
    types: list[TaskType] = strawberry.field(
        description="The types of tasks that it can do, at least 1 and at most 4: METADATA, TRANSCRIPT, SUMMARY, NOTE."
    )
    worker_id: str = strawberry.field(
        description=f"What operators see the worker by, up to {limits.WORKER_NAME_LENGTH} characters."
    )
    wait_seconds: int = strawberry.field(
        default=DEFAULT_WAIT_SECONDS,
        description=f"How long to wait for a task in seconds, from 0 to {limits.CLAIM_SECONDS}.",
    )


@strawberry.type(description="The task is the worker's, until its lease ends.")
class TaskClaimSuccess:
    task: Task = strawberry.field(description="What is to be done.")
    lease_token: str = strawberry.field(
        description="Proves to the other mutations that the worker holds the task. Keep it secret, and only as long."
    )
    lease_seconds: float = strawberry.field(
        description="How long the lease is, from now and from each `taskHeartbeat` on: send one every third of it."
    )


TaskClaimResult = Annotated[
    TaskClaimSuccess | NoTask | InvalidInput,
    strawberry.union("TaskClaimResult", description="What became of `taskClaim`."),
]


@strawberry.input(description="A sign that a worker is still at its task.")
class TaskHeartbeatInput:
    id: strawberry.ID = strawberry.field(description="The task.")
    lease_token: str = strawberry.field(description="The token that came with it.")


@strawberry.type(description="The task is still the worker's.")
class TaskHeartbeatSuccess:
    lease_expires_at: datetime = strawberry.field(
        description="The timestamp until which it is, without another sign of life."
    )
    cancel_requested: bool = strawberry.field(
        description="Whether somebody asked for the task to stop: then no result is taken any more, and the worker may "
        "end it by `taskFail`."
    )


TaskHeartbeatResult = Annotated[
    TaskHeartbeatSuccess | LeaseLost | TaskCancelled | NotFound,
    strawberry.union("TaskHeartbeatResult", description="What became of `taskHeartbeat`."),
]


@strawberry.input(description="A summary, and questions that the video answers.")
class SummaryInput:
    text: str = strawberry.field(
        description=f"The summary: plain prose without markup, links or timestamps, up to {limits.SUMMARY_LENGTH:,} "
        "characters. Lines are joined."
    )
    suggested_questions: list[str] | None = strawberry.field(
        default=None,
        description=f"Exactly {QUESTIONS} questions, as plain, each up to {limits.QUESTION_LENGTH} characters, that differ in "
        "more than the case of their letters; null for none.",
    )


@strawberry.input(one_of=True, description="The result of a task: the one that fits its type.")
class TaskResultInput:
    transcript: list[TranscriptSegmentInput] | None = strawberry.field(
        default=UNSET, description=f"Of a TRANSCRIPT task: what is said, at most {limits.TRANSCRIPT_SEGMENTS:,} cues."
    )
    transcript_upload_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Of a TRANSCRIPT task, where it is too long for a request: the id of an upload of the operator's, for "
        "TRANSCRIPT.",
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET,
        description="Of a METADATA task: an object in the words of yt-dlp, with a `title` at least. Kept are id, title, "
        "uploader, upload_date, channel_url, description, thumbnail, duration, view_count and like_count.",
    )
    summary: SummaryInput | None = strawberry.field(default=UNSET, description="Of a SUMMARY task.")
    note: str | None = strawberry.field(
        default=UNSET,
        description="Of a NOTE task: one line of plain prose without markup, links, timestamps or special characters, up to "
        f"{limits.NOTE_LENGTH:,} characters.",
    )

    def to_service(self) -> GivenResult:
        # What is not given is UNSET.
        if isinstance(self.transcript, list):
            return GivenResult(name="transcript", transcript=[one.to_service() for one in self.transcript])
        if isinstance(self.transcript_upload_id, str):
            upload_id = required_row_id("Upload", self.transcript_upload_id)
            return GivenResult(name="transcriptUploadId", transcript_upload_id=upload_id)
        if isinstance(self.summary, SummaryInput):
            given = GivenSummary(text=self.summary.text, suggested_questions=self.summary.suggested_questions)
            return GivenResult(name="summary", summary=given)
        if isinstance(self.note, str):
            return GivenResult(name="note", note=self.note)
        return GivenResult(name="metadata", metadata=self.metadata)


@strawberry.input(description="What a worker has made.")
class TaskCompleteInput:
    id: strawberry.ID = strawberry.field(description="The task.")
    lease_token: str = strawberry.field(description="The token that came with it.")
    result: TaskResultInput = strawberry.field(description="What came of it.")


@strawberry.type(description="The task has succeeded, and its result is kept.")
class TaskCompleteSuccess:
    task: Task = strawberry.field(description="The task.")


TaskCompleteResult = Annotated[
    TaskCompleteSuccess | LeaseLost | TaskCancelled | NotFound | InvalidInput,
    strawberry.union("TaskCompleteResult", description="What became of `taskComplete`."),
]


@strawberry.input(description="Why a worker could not do its task. Users of the video are shown it.")
class TaskErrorInput:
    code: str = strawberry.field(
        description="The reason for programs, such as NO_TRANSCRIPT: capitals, digits and underscores, up to "
        f"{limits.ERROR_CODE_LENGTH}."
    )
    message: str | None = strawberry.field(
        default=None,
        description=f"The reason as a sentence for people, up to {limits.ERROR_MESSAGE_LENGTH} characters.",
    )
    retryable: bool = strawberry.field(
        default=True, description="Whether another try may do better; if not, the task is dead."
    )


@strawberry.input(description="A task that could not be done.")
class TaskFailInput:
    id: strawberry.ID = strawberry.field(description="The task.")
    lease_token: str = strawberry.field(description="The token that came with it.")
    error: TaskErrorInput = strawberry.field(description="Why it could not be done.")


@strawberry.type(description="The try has ended.")
class TaskFailSuccess:
    task: Task = strawberry.field(
        description="The task: PENDING when it is tried again, DEAD when not, CANCELLED when somebody asked for that."
    )


TaskFailResult = Annotated[
    TaskFailSuccess | LeaseLost | TaskCancelled | NotFound | InvalidInput,
    strawberry.union("TaskFailResult", description="What became of `taskFail`."),
]


@strawberry.input(description="A dead task to begin anew.")
class TaskReplayInput:
    id: strawberry.ID = strawberry.field(description="The task.")


@strawberry.type(description="The task waits for a worker, and has all its tries again.")
class TaskReplaySuccess:
    task: Task = strawberry.field(description="The task.")


TaskReplayResult = Annotated[
    TaskReplaySuccess | TaskNotReplayable | NotFound,
    strawberry.union("TaskReplayResult", description="What became of `taskReplay`."),
]
