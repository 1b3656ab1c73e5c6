"""A stand-in for OpenRouter on loopback, written from its reference."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.client import Json
from tests.servers.model_server import ModelServer, model_server

REASONS = {"whole": "stop", "blocked": "content_filter"}


class _OpenRouter:
    key_header = "authorization"
    key_prefix = "Bearer "

    def piece(self, text: str) -> bytes:
        # The comment is what it sends while a model has not begun.
        return b": OPENROUTER PROCESSING\n\n" + _event({"role": "assistant", "content": text}, None)

    def ending(self, reason: str) -> bytes:
        return _event({"role": "assistant", "content": ""}, REASONS[reason]) + b"data: [DONE]\n\n"

    def failure(self, status: int, text: str) -> Json:
        return {"error": {"code": status, "message": text}}


def _event(delta: Json, reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "native_finish_reason": reason, "logprobs": None}
    response = {
        "id": "gen-1",
        "provider": "Google",
        "model": "google/gemini-2.5-flash",
        "object": "chat.completion.chunk",
        "created": 1_750_000_000,
        "choices": [choice],
    }
    return b"data: " + json.dumps(response).encode() + b"\n\n"


@asynccontextmanager
async def openrouter() -> AsyncGenerator[ModelServer]:
    async with model_server(_OpenRouter(), "/api/v1") as server:
        yield server
