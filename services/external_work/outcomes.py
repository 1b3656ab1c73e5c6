"""What a worker of somebody else may bring as the result of a task, checked before any of it is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from db.search_index import FoldedSegment, fold_transcript
from services import limits
from services.errors import ProblemCode
from services.external_work.types import TaskType
from services.llm.writing.drafts import QUESTIONS, Draft, Unusable, differ, plain, plain_note
from services.validation import Checks
from services.videos import segments
from services.videos.segments import GivenSegment
from services.youtube.metadata import Details, tidy


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSummary:
    text: str
    suggested_questions: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenResult:
    """As it was sent, unchecked: one of these."""

    transcript: Sequence[GivenSegment] | None = None
    transcript_upload_id: int | None = None
    metadata: object = None
    summary: GivenSummary | None = None
    note: str | None = None
    name: str
    """Which one, as the schema calls it."""


FITTING = {
    TaskType.TRANSCRIPT: ("transcript", "transcriptUploadId"),
    TaskType.METADATA: ("metadata",),
    TaskType.SUMMARY: ("summary",),
    TaskType.NOTE: ("note",),
}
"""Which results a task of each type can have."""

Outcome = Sequence[FoldedSegment] | Details | Draft | str
"""Checked: of a transcript, of metadata, of a summary, of a note."""


def check_fit(task_type: TaskType, given: GivenResult) -> None:
    """Raises InvalidInput for a result of another type of task."""
    fitting = FITTING.get(task_type, ())
    if given.name not in fitting:
        checks = Checks()
        message = f"A task of type {task_type} needs {' or '.join(fitting)}."
        checks.add(["result", given.name], ProblemCode.INVALID_DATA, message)
        checks.finish()


def check(given: GivenResult, youtube_id: str | None) -> Outcome:
    """What is to be kept of anything but an upload; `youtube_id` is the video's, if it is still there.
    Burns CPU for long transcripts.

    Raises InvalidInput.
    """
    checks = Checks()
    path = ("result", given.name)
    outcome: Outcome
    if given.transcript is not None:
        outcome = fold_transcript(segments.clean(checks, given.transcript, *path))
    elif given.summary is not None:
        outcome = _check_summary(checks, given.summary, *path)
    elif given.note is not None:
        outcome = _prose(checks, plain_note, given.note, limits.NOTE_LENGTH, *path)
    else:
        outcome = _check_metadata(checks, given.metadata, youtube_id, *path)
    checks.finish()
    return outcome


def _check_summary(checks: Checks, given: GivenSummary, *path: str) -> Draft:
    text = _prose(checks, partial(plain, name="summary"), given.text, limits.SUMMARY_LENGTH, *path, "text")
    if given.suggested_questions is None:
        return Draft(summary=text, questions=None)
    place = (*path, "suggestedQuestions")
    if len(given.suggested_questions) != QUESTIONS:
        checks.add(place, ProblemCode.OUT_OF_RANGE, f"Suggest exactly {QUESTIONS} questions, or none.")
        return Draft(summary=text, questions=None)
    questions = [
        _prose(checks, partial(plain, name="question"), question, limits.QUESTION_LENGTH, *place, str(number))
        for number, question in enumerate(given.suggested_questions)
    ]
    if not (checks.found_any or differ(questions)):
        checks.add(place, ProblemCode.INVALID_DATA, "The questions must differ.")
    return Draft(summary=text, questions=questions)


def _prose(checks: Checks, read: Callable[[str], str], given: str, maximum: int, *path: str) -> str:
    """What is read of a text that is not too long; problems are collected, and "" answered."""
    text = checks.text(given, *path, maximum=maximum)
    if not text:
        return ""
    try:
        return read(text)
    except Unusable as error:
        checks.add(path, ProblemCode.INVALID_DATA, str(error))
        return ""


def _check_metadata(checks: Checks, given: object, youtube_id: str | None, *path: str) -> Details:
    if not isinstance(given, Mapping):
        checks.add(path, ProblemCode.INVALID_FORMAT, "Metadata must be an object.")
        return {}
    found = cast("Mapping[str, object]", given)  # as JSON has it
    details = tidy(found)
    if not str(details["title"] or "").strip():
        checks.required(*path, "title")
    if youtube_id is not None and details["id"] not in {None, youtube_id}:
        checks.add([*path, "id"], ProblemCode.INVALID_DATA, "The metadata is of another video.")
    return details
