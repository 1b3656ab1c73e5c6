"""What the product asks of any chat model, whichever company or program answers; no model lives here."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One cue of a transcript. Times are seconds from the start of the video."""

    start_seconds: float
    duration_seconds: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTurn:
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A question with all that a model may use to answer it.

    `segments` are in order of time.
    `turns` are the newest of the conversation, oldest first, at most `prompts.HISTORY_WINDOW` of them; the last is the
    user's question.
    """

    title: str
    segments: Sequence[Segment]
    turns: Sequence[ChatTurn]
    is_excerpt: bool = False
    """Whether parts of the transcript are left out, for want of room."""


class ModelError(Exception):
    """No answer, or no rest of it. `code` is for programs and logs; `message` is a sentence fit for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ModelUnavailable(ModelError):
    """The model cannot answer now (down, overloaded, out of quota); the same request may succeed later."""


class ModelRefused(ModelError):
    """The model will not answer this request (blocked, too long), however often it is asked."""


class ModelBusy(ModelUnavailable):
    """It has answered too much lately; when it will again may take longer than anybody waits."""


class ModelSilent(ModelUnavailable):
    """It has said nothing for so long that asking once more would take too long."""


class KeyRefused(ModelRefused):
    """The provider does not know the user's key, or has no credit left for it."""


class ChatModel(Protocol):
    """Answers one request at a time as a stream of text; one instance serves any number of requests at once."""

    @property
    def name(self) -> str:
        """The name stored with each reply."""
        ...

    @property
    def transcript_characters(self) -> int | None:
        """How much of a transcript it is given, as `prompts.render_transcript` counts; None: it reads all."""
        ...

    def reply(self, request: ChatRequest) -> AsyncGenerator[str, None]:
        """Yield the answer in pieces as they come; their concatenation is the answer, in Markdown.

        Citations are inline stamps in square brackets, as `citations.parse_citations` reads them.

        Closing the generator, or cancelling the task that iterates it, stops the upstream at once: a remote model
        closes its connection before `aclose()` returns, and nothing goes on being generated or billed. Callers
        therefore iterate under `contextlib.aclosing`, since leaving an `async for` does not close a generator.

        Raises ModelUnavailable (worth retrying) or ModelRefused (not), before the first piece or after any.
        """
        ...


@runtime_checkable
class WritingModel(ChatModel, Protocol):
    """One that can also write by other instructions than those of a reply; models that only quote cannot."""

    async def complete(self, instructions: str, material: str) -> str:
        """What it writes by the instructions about the material, whole; it may be blank.

        The material is marked as data, which is never an instruction. Raises ModelError.
        """
        ...
