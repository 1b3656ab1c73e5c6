"""Who writes what is kept of a video beside its transcript: its summary, questions that it answers, and users' notes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.llm.chat_model import ModelRefused, Segment
from services.llm.writing.drafts import Draft
from services.llm.writing.note_lines import find_note
from services.llm.writing.suggestions import suggest_questions
from services.llm.writing.summary import summarise

NOTHING_TO_SAY: Final = "NOTHING_TO_SAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContext:
    """What is said around a moment. `nearest` is the position of the segment that the note is about."""

    segments: Sequence[Segment]
    nearest: int


class Writer(Protocol):
    """Both raise ModelError; what they answer has passed `drafts`."""

    @property
    def name(self) -> str: ...

    @property
    def is_shared(self) -> bool:
        """Whether the operator pays for each use."""
        ...

    async def summarise(self, title: str, segments: Sequence[Segment]) -> Draft: ...

    async def write_note(self, context: NoteContext) -> str: ...


class WriterChoice(Protocol):
    """Which writer writes for whom."""

    async def for_user(self, user_id: int | None) -> Writer:
        """To be asked right before it is used; None is nobody in particular."""
        ...


class ExtractiveWriter:
    """In the words of the transcript; it needs no key and no network."""

    @property
    def name(self) -> str:
        return "extractive"

    @property
    def is_shared(self) -> bool:
        return False

    async def summarise(self, title: str, segments: Sequence[Segment]) -> Draft:
        return await asyncio.to_thread(_draft, title, segments)

    async def write_note(self, context: NoteContext) -> str:
        note = await asyncio.to_thread(find_note, context.segments, context.nearest)
        if note is None:
            raise ModelRefused(NOTHING_TO_SAY, "Too little is said there for a note.")
        return note


def _draft(title: str, segments: Sequence[Segment]) -> Draft:
    return Draft(summary=summarise(segments), questions=suggest_questions(title, segments))
