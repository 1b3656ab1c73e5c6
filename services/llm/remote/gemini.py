"""Google's models, asked with a key that each request brings."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx2
from pydantic import SecretStr

from services.llm.chat_model import KeyRefused, ModelError, ModelRefused
from services.llm.prompts import Prompt
from services.llm.remote.adapter import Limits, RemoteModels, failure_of_status, unfinished

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import Candidate, Content, GenerateContentConfig, GenerateContentResponse

GOOGLE: Final = "https://generativelanguage.googleapis.com"
API_VERSION: Final = "v1beta"
NO_KEY: Final = "each request brings its own"
FINISHED: Final = frozenset({"STOP", "MAX_TOKENS"})
"""Reasons to end that leave an answer; the others say that it was blocked."""


class Gemini(RemoteModels["Client"]):
    def __init__(self, *, base_url: str | None, model: str, limits: Limits) -> None:
        """`base_url` takes the place of Google's."""
        super().__init__(f"gemini/{model}", limits)
        self._base_url = base_url or GOOGLE
        self._model = model

    def _open(self, http: httpx2.AsyncClient) -> "Client":
        from google import genai  # noqa: PLC0415  half a second that only those who ask it need

        # Our HTTP client keeps the SDK from aiohttp, which would read proxies from the environment and try again by itself.
        options = genai.types.HttpOptions(
            base_url=self._base_url,
            api_version=API_VERSION,
            httpx_async_client=http,
            httpx_client=httpx2.Client(trust_env=False),  # never used; the SDK would make one that trusts it
        )
        return genai.Client(api_key=NO_KEY, vertexai=False, http_options=options)

    async def pieces(self, client: "Client", prompt: Prompt, key: SecretStr) -> AsyncGenerator[str]:
        answer = await client.aio.models.generate_content_stream(
            model=self._model, contents=[*_contents(prompt)], config=_config(prompt, key, self.limits.max_tokens)
        )
        reason: str | None = None
        async for chunk in answer:
            candidate = _candidate(chunk)
            if candidate is None:
                continue
            for part in (candidate.content and candidate.content.parts) or ():
                if part.text and not part.thought:
                    yield part.text
            reason = candidate.finish_reason.value if candidate.finish_reason else reason
        if reason is None:
            raise unfinished()
        if reason not in FINISHED:
            raise ModelRefused(reason, "The model would not go on.")

    def failure_of(self, error: Exception) -> ModelError | None:
        from google.genai.errors import APIError  # noqa: PLC0415  as above

        if not isinstance(error, APIError):
            return None
        if error.code == HTTPStatus.BAD_REQUEST and "API_KEY_INVALID" in str(error):
            return KeyRefused("API_KEY_INVALID", "The provider refused the key.")
        return failure_of_status(error.code)


def _contents(prompt: Prompt) -> "list[Content]":
    from google.genai.types import Content, Part  # noqa: PLC0415  as above

    roles = {"user": "user", "assistant": "model"}
    return [Content(role=roles[turn.role], parts=[Part(text=turn.content)]) for turn in prompt.turns]


def _config(prompt: Prompt, key: SecretStr, max_tokens: int) -> "GenerateContentConfig":
    from google.genai.types import AutomaticFunctionCallingConfig, GenerateContentConfig, HttpOptions  # noqa: PLC0415

    return GenerateContentConfig(
        system_instruction=prompt.instructions,
        max_output_tokens=max_tokens,
        http_options=HttpOptions(headers={"x-goog-api-key": key.get_secret_value()}),
        automatic_continuation=False,  # which would ask again by itself when an answer is cut off
        automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
    )


def _candidate(chunk: "GenerateContentResponse") -> "Candidate | None":
    """Raises ModelRefused when the question was blocked."""
    if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason is not None:
        raise ModelRefused(chunk.prompt_feedback.block_reason.value, "The provider blocked the question.")
    return chunk.candidates[0] if chunk.candidates else None
