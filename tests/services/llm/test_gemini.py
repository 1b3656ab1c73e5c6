"""Google's wire format, as the SDK writes and reads it for us."""

import pytest

from tests.servers.model_server import Refusal
from tests.services.llm.stage import listen, staged

pytestmark = pytest.mark.asyncio


async def test_what_is_asked() -> None:
    async with staged("gemini", ["The Moon."]) as stage:
        await listen(stage.model())
        (asked,) = stage.server.asked
        assert asked.path == "/v1beta/models/a-model:streamGenerateContent?alt=sse"
        turns = [(turn["role"], turn["parts"][0]["text"]) for turn in asked.body["contents"]]
        assert turns == [("user", "Who pulls?"), ("model", "The Moon [1:01]."), ("user", "Why?")]
        (instructions,) = asked.body["systemInstruction"]["parts"]
        assert "1:01 The Moon pulls." in instructions["text"]
        assert asked.body["generationConfig"] == {"maxOutputTokens": 4096}


async def test_thoughts_are_no_answer() -> None:
    async with staged("gemini", ["The ", "Moon."]) as stage:
        assert (await listen(stage.model())).text == "The Moon."


async def test_a_key_that_google_does_not_know() -> None:
    """It says 400 then, as for any bad request, and the reason in the details."""
    async with staged("gemini", Refusal(status=400)) as stage:
        assert (await listen(stage.model())).ending == ("KeyRefused", "API_KEY_INVALID")
