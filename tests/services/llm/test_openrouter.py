"""OpenRouter's wire format, as the SDK writes and reads it for us."""

import pytest

from tests.servers.model_server import Refusal
from tests.services.llm.stage import listen, staged

pytestmark = pytest.mark.asyncio


async def test_what_is_asked() -> None:
    async with staged("openrouter", ["The Moon."]) as stage:
        await listen(stage.model())
        (asked,) = stage.server.asked
        assert asked.path == "/api/v1/chat/completions"
        system, *turns = [(turn["role"], turn["content"]) for turn in asked.body["messages"]]
        assert turns == [("user", "Who pulls?"), ("assistant", "The Moon [1:01]."), ("user", "Why?")]
        assert system[0] == "system"
        assert "1:01 The Moon pulls." in system[1]
        assert (asked.body["model"], asked.body["stream"], asked.body["max_tokens"]) == ("some/model", True, 4096)


async def test_a_key_without_credit() -> None:
    async with staged("openrouter", Refusal(status=402)) as stage:
        assert (await listen(stage.model())).ending == ("KeyRefused", "HTTP_402")


async def test_a_bad_request_is_not_the_keys_fault() -> None:
    async with staged("openrouter", Refusal(status=400)) as stage:
        assert (await listen(stage.model())).ending == ("ModelRefused", "HTTP_400")
