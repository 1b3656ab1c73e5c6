"""Models of many companies through OpenRouter, asked with a key that each request brings."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final

import httpx2
from pydantic import SecretStr

from services.llm.chat_model import ModelError, ModelRefused
from services.llm.prompts import Prompt
from services.llm.remote.adapter import Limits, RemoteModels, failure_of_status, unfinished

if TYPE_CHECKING:
    from openai import AsyncOpenAI, Omit
    from openai.types.chat import ChatCompletionMessageParam

NO_KEY: Final = "each request brings its own"
FINISHED: Final = frozenset({"stop", "length"})
"""Reasons to end that leave an answer."""


class OpenRouter(RemoteModels["AsyncOpenAI"]):
    def __init__(self, *, base_url: str, model: str, limits: Limits) -> None:
        super().__init__(f"openrouter/{model}", limits)
        self._base_url = base_url
        self._model = model

    def _open(self, http: httpx2.AsyncClient) -> "AsyncOpenAI":
        from openai import AsyncOpenAI  # noqa: PLC0415  half a second that only those who ask it need

        return AsyncOpenAI(base_url=self._base_url, api_key=NO_KEY, max_retries=0, http_client=http)

    async def pieces(self, client: "AsyncOpenAI", prompt: Prompt, key: SecretStr) -> AsyncGenerator[str]:
        answer = await client.chat.completions.create(
            model=self._model,
            messages=_messages(prompt),
            max_tokens=self.limits.max_tokens,
            stream=True,
            extra_headers=_headers(key),
        )
        reason: str | None = None
        async with answer:
            async for chunk in answer:
                for choice in chunk.choices[:1]:
                    if choice.delta.content:
                        yield choice.delta.content
                    reason = choice.finish_reason or reason
        if reason is None:
            raise unfinished()
        if reason not in FINISHED:
            raise ModelRefused(reason.upper(), "The model would not go on.")

    def failure_of(self, error: Exception) -> ModelError | None:
        """Before the first word it is a status, and after it the provider's own code, which mostly is one, too."""
        from openai import APIError, APIStatusError  # noqa: PLC0415  as above

        if isinstance(error, APIStatusError):
            return failure_of_status(error.status_code)
        return failure_of_status(error.code) if isinstance(error, APIError) else None


def _headers(key: SecretStr) -> "dict[str, str | Omit]":
    """The key, and nothing of what the environment says about an account at OpenAI."""
    from openai import Omit  # noqa: PLC0415  as above

    authorization = f"Bearer {key.get_secret_value()}"
    return {"Authorization": authorization, "OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}


def _messages(prompt: Prompt) -> "list[ChatCompletionMessageParam]":
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": prompt.instructions}]
    for turn in prompt.turns:
        if turn.role == "user":
            messages.append({"role": "user", "content": turn.content})
        else:
            messages.append({"role": "assistant", "content": turn.content})
    return messages
