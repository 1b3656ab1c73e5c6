"""What the adapters to other companies' models share: one client a process, streams that can be cut, failures told apart.

No text of theirs leaves here: what a provider says of a failure may repeat the key that it was asked with. Nothing is
asked twice here either: a task that failed before the first word is tried again by the queue, after a pause and a few
times at most, and one that failed after it never.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import httpx2
from pydantic import SecretStr

from services.llm.chat_model import (
    ChatRequest,
    KeyRefused,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelSilent,
    ModelUnavailable,
    WritingModel,
)
from services.llm.markers import MarkerFilter
from services.llm.prompts import Prompt, prompt_of, prompt_to_write
from services.supervision import read_aside

CONNECT_SECONDS: Final = 10.0
LONGEST_ANSWER: Final = 100_000
"""Characters; a provider that says more has lost its mind, and would fill the event log."""

Client = TypeVar("Client")

_open_here: ContextVar[list[httpx2.Response]] = ContextVar("_open_here")
"""The responses to what this task asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    max_tokens: int
    """Of an answer, with what the model thinks before it."""
    transcript_characters: int
    silence_seconds: float
    """The longest wait for the next word; models that think take their time before the first."""
    longest_seconds: float
    """What is to be had whole fails after so long; who streams an answer sees to its end."""


class SharedClient(Generic[Client]):
    """An SDK's client over an HTTP client of ours, for all keys: each request brings its own.

    Made when it is first asked for, and in a thread: to import an SDK takes half a second.
    """

    def __init__(self, make: Callable[[httpx2.AsyncClient], Client], silence_seconds: float) -> None:
        self._make = make
        self._timeout = httpx2.Timeout(silence_seconds, connect=CONNECT_SECONDS).as_dict()
        self._making = asyncio.Lock()
        self._http: httpx2.AsyncClient | None = None
        self._made: Client | None = None

    async def get(self) -> Client:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._open)
            return self._made

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _open(self) -> Client:
        # It goes where the settings say and nowhere else: no proxy of the environment, and no redirect.
        self._http = httpx2.AsyncClient(
            trust_env=False, follow_redirects=False, event_hooks={"request": [self._bound], "response": [_remember]}
        )
        return self._make(self._http)

    async def _bound(self, request: httpx2.Request) -> None:
        """The SDKs would set timeouts of their own."""
        request.extensions["timeout"] = self._timeout


class RemoteModels(ABC, Generic[Client]):
    """One company's model for many keys: the operator's, and those that users brought."""

    def __init__(self, name: str, limits: Limits) -> None:
        """The name is stored with each reply."""
        self.name = name
        self.limits = limits
        self.client = SharedClient(self._open, limits.silence_seconds)

    def with_key(self, key: SecretStr) -> WritingModel:
        return _KeyedModel(self, key)

    async def close(self) -> None:
        await self.client.close()

    @abstractmethod
    def _open(self, http: httpx2.AsyncClient) -> Client:
        """The SDK's client, which asks by this HTTP client alone."""

    @abstractmethod
    def pieces(self, client: Client, prompt: Prompt, key: SecretStr) -> AsyncGenerator[str]:
        """The answer as it comes. Raises ModelError, or the SDK's own."""

    @abstractmethod
    def failure_of(self, error: Exception) -> ModelError | None:
        """What an exception of the SDK means; None for any other."""


class _KeyedModel(Generic[Client]):
    """A `WritingModel` that asks with one key."""

    def __init__(self, models: RemoteModels[Client], key: SecretStr) -> None:
        self._models = models
        self._key = key

    @property
    def name(self) -> str:
        return self._models.name

    @property
    def transcript_characters(self) -> int | None:
        return self._models.limits.transcript_characters

    def reply(self, request: ChatRequest) -> AsyncGenerator[str]:
        return self._streamed(prompt_of(request, self._models.limits.transcript_characters))

    async def complete(self, instructions: str, material: str) -> str:
        pieces: list[str] = []
        try:
            async with (
                asyncio.timeout(self._models.limits.longest_seconds),
                aclosing(self._streamed(prompt_to_write(instructions, material))) as answer,
            ):
                async for piece in answer:
                    pieces.append(piece)  # noqa: PERF401  the rest of a comprehension would not be closed
        except TimeoutError:
            raise ModelSilent("TOO_SLOW", "The model took too long.") from None
        return "".join(pieces)

    def _streamed(self, prompt: Prompt) -> AsyncGenerator[str]:
        return streamed(self._pieces(prompt), self._models.failure_of, self._models.limits.silence_seconds)

    async def _pieces(self, prompt: Prompt) -> AsyncGenerator[str]:
        client = await self._models.client.get()
        unmarked = MarkerFilter(prompt.marker)
        async with aclosing(self._models.pieces(client, prompt, self._key)) as pieces:
            async for piece in pieces:
                if text := unmarked.feed(piece):
                    yield text
        if text := unmarked.end():
            yield text


async def _remember(response: httpx2.Response) -> None:
    _open_here.get([]).append(response)


async def streamed(
    pieces: AsyncGenerator[str], failure_of: Callable[[Exception], ModelError | None], silence_seconds: float
) -> AsyncGenerator[str]:
    """The pieces, until these are closed; whatever goes wrong is a ModelError that says nothing of theirs.

    `failure_of` knows the SDK's own exceptions.
    """
    try:
        async with aclosing(read_aside(_closing(pieces), silence_seconds)) as read:
            async for piece in read:
                yield piece
    except ModelError as error:
        failure = error
    except TimeoutError:
        failure = ModelSilent("SILENT", "The model said nothing for too long.")
    except Exception as error:  # noqa: BLE001  whatever an SDK raises on what is no answer at all
        failure = failure_of(error) or ModelUnavailable(type(error).__name__, "The model could not be understood.")
    else:
        return
    # Out here, so that the exception does not carry theirs as its context.
    raise failure


async def _closing(pieces: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """The pieces, and then the end of their connection: after a failure an SDK leaves it to the garbage collector."""
    opened: list[httpx2.Response] = []
    # Seen by the task of read_aside alone.
    _open_here.set(opened)
    length = 0
    try:
        async for piece in pieces:
            length += len(piece)
            if length > LONGEST_ANSWER:
                raise ModelUnavailable("TOO_LONG", "The model said more than an answer can hold.")
            yield piece
    finally:
        for response in opened:
            await response.aclose()


def failure_of_status(status: object) -> ModelError:
    """What an HTTP status means, or a provider's code, which mostly is one, too."""
    match int(status) if str(status).isdecimal() and isinstance(status, int | str) else None:
        case 401 | 402 | 403 as refused:
            return KeyRefused(f"HTTP_{refused}", "The provider refused the key.")
        case 429:
            return ModelBusy("HTTP_429", "The provider has had enough requests for now.")
        case 400 | 404 | 405 | 413 | 415 | 422 as refused:
            return ModelRefused(f"HTTP_{refused}", "The provider would not take the request.")
        case None:
            return ModelUnavailable("FAILED", "The provider broke off.")
        case other:
            return ModelUnavailable(f"HTTP_{other}", "The provider is not available.")


def unfinished() -> ModelError:
    return ModelUnavailable("CUT", "The answer was cut off.")
