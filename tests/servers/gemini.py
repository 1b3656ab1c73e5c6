"""A stand-in for Google's Gemini API on loopback, written from the SDK's source and Google's reference."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.client import Json
from tests.servers.model_server import ModelServer, model_server

REASONS = {"whole": "STOP", "blocked": "SAFETY"}
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class _Gemini:
    key_header = "x-goog-api-key"
    key_prefix = ""

    def piece(self, text: str) -> bytes:
        # What it thinks comes in the same way, and is not the answer.
        return _event({"parts": [{"text": "Hm. ", "thought": True}, {"text": text}], "role": "model"})

    def ending(self, reason: str) -> bytes:
        return _event({"parts": [{"text": ""}], "role": "model"}, finishReason=REASONS[reason])

    def failure(self, status: int, text: str) -> Json:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        error = {"code": status, "message": text, "status": STATUSES.get(status, "UNKNOWN")}
        return {"error": error | ({"details": details} if status == 400 else {})}


def _event(content: Json, **more: str) -> bytes:
    candidate = {"content": content, "index": 0, **more}
    usage = {"promptTokenCount": 9, "totalTokenCount": 9}
    response = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}
    return b"data: " + json.dumps(response).encode() + b"\r\n\r\n"


@asynccontextmanager
async def gemini() -> AsyncGenerator[ModelServer]:
    async with model_server(_Gemini(), "") as server:
        yield server
