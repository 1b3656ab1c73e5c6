from collections.abc import AsyncGenerator

import pytest

from services.llm.chat_model import ChatModel, ChatRequest, ModelError, ModelRefused, ModelUnavailable


class UpstreamModel:
    """Stands for a remote model: it holds something open while it streams, and must let go when it is closed."""

    def __init__(self) -> None:
        self.is_open = False
        self.transcript_characters: int | None = None

    @property
    def name(self) -> str:
        return "upstream"

    async def reply(self, request: ChatRequest) -> AsyncGenerator[str, None]:
        self.is_open = True
        try:
            for turn in request.turns:
                yield turn.content
            raise ModelUnavailable("overloaded", "The model is overloaded. Please try again.")
        finally:
            self.is_open = False


REQUEST = ChatRequest(title="", segments=[], turns=[])


@pytest.mark.asyncio
async def test_a_streaming_model_that_holds_a_connection_fits_the_protocol() -> None:
    upstream = UpstreamModel()
    model: ChatModel = upstream
    with pytest.raises(ModelUnavailable) as caught:
        [piece async for piece in model.reply(REQUEST)]
    assert (caught.value.code, caught.value.message) == ("overloaded", "The model is overloaded. Please try again.")
    assert not upstream.is_open


def test_errors_say_whether_to_try_again() -> None:
    for error in (ModelUnavailable("timeout", "No answer."), ModelRefused("blocked", "Blocked.")):
        assert isinstance(error, ModelError)
        assert str(error) == f"{error.code}: {error.message}"
    assert not issubclass(ModelRefused, ModelUnavailable)
