"""The kinds of tasks by the names that operators know."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from services.identity import mailed_tokens
from services.jobs.states import TASKS, JobKind
from services.notes import ai_notes
from services.videos import processing
from services.videos.processing import KINDS, Part
from services.wiz import replies


class TaskType(StrEnum):
    METADATA = "METADATA"
    TRANSCRIPT = "TRANSCRIPT"
    SUMMARY = "SUMMARY"
    NOTE = "NOTE"
    REPLY = "REPLY"
    MAIL = "MAIL"
    USER_EXPORT = "USER_EXPORT"
    OTHER = "OTHER"


class TaskStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


PARTS: Mapping[TaskType, Part] = {
    TaskType.METADATA: Part.METADATA,
    TaskType.TRANSCRIPT: Part.TRANSCRIPT,
    TaskType.SUMMARY: Part.SUMMARY,
}
KIND_OF: Mapping[TaskType, str] = {
    **{task_type: KINDS[part] for task_type, part in PARTS.items()},
    TaskType.NOTE: ai_notes.KIND,
    TaskType.REPLY: replies.KIND,
    TaskType.MAIL: mailed_tokens.KIND,
    TaskType.USER_EXPORT: TASKS[JobKind.USER_EXPORT],
}
"""Of every type but OTHER, which is all the rest."""
TYPE_OF: Mapping[str, TaskType] = {kind: task_type for task_type, kind in KIND_OF.items()}
CLAIMABLE = (*PARTS, TaskType.NOTE)
"""What somebody else's worker can do."""
LANE_OF: Mapping[TaskType, str] = {**dict.fromkeys(PARTS, processing.LANE), TaskType.NOTE: ai_notes.LANE}
"""Of what can be claimed."""
REPLAYABLE = frozenset({*CLAIMABLE, TaskType.MAIL})
"""A reply or a job ends with its task, and is asked for anew by its user."""


def type_of(kind: str) -> TaskType:
    return TYPE_OF.get(kind, TaskType.OTHER)


def kinds_of(names: Collection[str]) -> frozenset[str]:
    """The kinds of the types with these names."""
    return frozenset(KIND_OF[TaskType(name)] for name in names)
