"""The adapters to providers of models, each with a stand-in for its provider."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from services.llm.chat_model import ChatModel, ChatRequest, ChatTurn, ModelError, Segment, WritingModel
from services.llm.remote.adapter import Limits
from services.llm.remote.gemini import Gemini
from services.llm.remote.openrouter import OpenRouter
from tests.servers.gemini import gemini
from tests.servers.model_server import ModelServer, Script
from tests.servers.openrouter import openrouter

KEY = "sk-canary-7f3a"
REQUEST = ChatRequest(
    title="The tide",
    segments=[Segment(start_seconds=61.5, duration_seconds=4, text="The Moon pulls.")],
    turns=[
        ChatTurn(role="assistant", content="An answer without its question."),
        ChatTurn(role="user", content="Who pulls?"),
        ChatTurn(role="assistant", content="The Moon [1:01]."),
        ChatTurn(role="user", content="Why?"),
    ],
)

SERVERS: dict[str, Callable[[], AbstractAsyncContextManager[ModelServer]]] = {
    "gemini": gemini,
    "openrouter": openrouter,
}


@dataclass(slots=True, kw_only=True)
class Stage:
    server: ModelServer
    provider: Gemini | OpenRouter

    def model(self, key: str = KEY) -> WritingModel:
        return self.provider.with_key(SecretStr(key))


@dataclass(slots=True)
class Heard:
    text: str = ""
    error: ModelError | None = None
    pieces: list[str] = field(default_factory=list[str])

    @property
    def ending(self) -> tuple[str, str]:
        """The kind of the error and its code."""
        assert self.error is not None, self.text
        return type(self.error).__name__, self.error.code


@asynccontextmanager
async def staged(
    name: str, *scripts: Script, silence_seconds: float = 30, longest_seconds: float = 60
) -> AsyncGenerator[Stage]:
    async with SERVERS[name]() as server:
        server.scripts[:] = scripts
        provider = provider_at(name, server.url, silence_seconds=silence_seconds, longest_seconds=longest_seconds)
        try:
            await provider.client.get()  # so that no silence is an import
            yield Stage(server=server, provider=provider)
        finally:
            await provider.close()


def provider_at(
    name: str, url: str, *, silence_seconds: float = 30, longest_seconds: float = 60
) -> Gemini | OpenRouter:
    limits = Limits(
        max_tokens=4096,
        transcript_characters=60_000,
        silence_seconds=silence_seconds,
        longest_seconds=longest_seconds,
    )
    if name == "gemini":
        return Gemini(base_url=url, model="a-model", limits=limits)
    return OpenRouter(base_url=url, model="some/model", limits=limits)


async def listen(model: ChatModel, request: ChatRequest = REQUEST) -> Heard:
    """The answer to its end, of whatever kind."""
    heard = Heard()
    try:
        async with aclosing(model.reply(request)) as answer:
            async for piece in answer:
                heard.pieces.append(piece)
                heard.text += piece
    except ModelError as error:
        heard.error = error
    return heard
