"""Summaries, questions and notes by somebody else's model, which is told to write JSON and asked again when it does not.

Title and transcript are material for it and never instructions; what it writes is checked as that of a stranger, since
they may have talked it into anything.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from structlog.typing import FilteringBoundLogger

from services.llm.chat_model import ModelRefused, Segment, WritingModel
from services.llm.prompts import TITLE_BUDGET
from services.llm.writing.drafts import (
    NOTE_LENGTH,
    QUESTION_LENGTH,
    QUESTIONS,
    SUMMARY_LENGTH,
    Draft,
    Unusable,
    check_note,
    check_questions,
    check_summary,
)
from services.llm.writing.thinning import thinned
from services.llm.writing.writer import NoteContext

log: FilteringBoundLogger = structlog.get_logger()

TRIES: Final = 3
UNUSABLE: Final = "UNUSABLE_ANSWER"

_CONTEXT_CHARACTERS: Final = 12_000
"""Of what is said around a moment; cues are short, and only a broken transcript has more."""
_PROSE_RULE: Final = "Write plain English, without Markdown, lists, links, timestamps or line breaks."
_SUMMARY_RULES: Final = f"""\
You sum up a video for somebody who decides whether to watch it, from its transcript alone. A line (...) stands for what
was left out. {_PROSE_RULE}
Answer with one JSON object and nothing else: {{"summary": "...", "questions": ["...", "...", "..."]}}
summary: what the video says, in {SUMMARY_LENGTH.start} to {SUMMARY_LENGTH.stop - 1} characters.
questions: exactly {QUESTIONS} different questions that the video answers, each of {QUESTION_LENGTH.start} to \
{QUESTION_LENGTH.stop - 1} characters."""
_NOTE_RULES: Final = f"""\
You write a note for somebody who marked a moment of a video. The material is what is said around it; the moment itself
stands in [[double brackets]]. {_PROSE_RULE}
Answer with one JSON object and nothing else: {{"note": "..."}}
note: the point that is made at the moment, in one line of {NOTE_LENGTH.start} to {NOTE_LENGTH.stop - 1} characters, with \
no special characters."""

T = TypeVar("T")


class _Summary(BaseModel):
    summary: str
    questions: list[str]


class _Note(BaseModel):
    note: str


class RemoteWriter:
    """A `Writer`."""

    def __init__(self, model: WritingModel, *, is_shared: bool) -> None:
        self._model = model
        self._is_shared = is_shared

    @property
    def is_shared(self) -> bool:
        return self._is_shared

    @property
    def name(self) -> str:
        return self._model.name

    async def summarise(self, title: str, segments: Sequence[Segment]) -> Draft:
        """From all of the transcript, or from stretches of it that the model has room for."""
        transcript = thinned(segments, self._model.transcript_characters)
        # Nobody can say 200 characters about a video that says 50.
        shortest = min(SUMMARY_LENGTH.start, max(1, len(transcript) // 2))

        def read(answer: str) -> Draft:
            draft = _parsed(_Summary, answer)
            return Draft(
                summary=check_summary(draft.summary, shortest=shortest), questions=check_questions(draft.questions)
            )

        # The title may still be on its way.
        heading = f"Title: {_title(title)}\n\n" if title.strip() else ""
        return await self._ask(_SUMMARY_RULES, f"{heading}Transcript:\n{transcript}", read)

    async def write_note(self, context: NoteContext) -> str:
        def read(answer: str) -> str:
            return check_note(_parsed(_Note, answer).note)

        return await self._ask(_NOTE_RULES, render_context(context), read)

    async def _ask(self, rules: str, material: str, read: Callable[[str], T]) -> T:
        """What is read from the first answer that can be used. Raises ModelError."""
        reason = ""
        for number in range(1, TRIES + 1):
            answer = await self._model.complete(rules + reason, material)
            try:
                return read(answer)
            except Unusable as error:
                log.info("draft.unusable", model=self.name, attempt=number, reason=str(error))
                reason = f"\nAn earlier answer of yours could not be used. {error}"
        raise ModelRefused(UNUSABLE, "The model wrote nothing that could be kept.")


def render_context(context: NoteContext) -> str:
    """Lines of speech, that of the moment in double brackets; no other brackets, so that none can be taken for it."""
    lines = (" ".join(segment.text.translate(_NO_BRACKETS).split()) for segment in context.segments)
    marked = [f"[[{line}]]" if number == context.nearest else line for number, line in enumerate(lines)]
    return "\n".join(marked)[:_CONTEXT_CHARACTERS]


_NO_BRACKETS: Final = str.maketrans("[]", "()")

Parsed = TypeVar("Parsed", bound=BaseModel)


def _parsed(kind: type[Parsed], answer: str) -> Parsed:
    """The object in the answer, whatever stands around it."""
    try:
        return kind.model_validate_json(answer[answer.find("{") : answer.rfind("}") + 1])
    except ValidationError:
        # Not its own text, which repeats the answer.
        names = ", ".join(kind.model_fields)
        raise Unusable(f"Answer with one JSON object that has {names}, and nothing else.") from None


def _title(title: str) -> str:
    return " ".join(title.split())[:TITLE_BUDGET]
