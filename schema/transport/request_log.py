"""One log line a request, its id, and the headers that every answer carries (pure ASGI, so that streams stay streams)."""

import logging
import re
import time
import uuid
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ANSWERS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
ON_EVERY_ANSWER = {"Referrer-Policy": "strict-origin-when-cross-origin", "X-Content-Type-Options": "nosniff"}

logger = structlog.get_logger()


class RequestLog:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if USABLE_ID.fullmatch(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._logged(scope, receive, send, request_id)

    async def _logged(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began = time.perf_counter()
        answered: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal answered
            if message["type"] in ANSWERS:
                answered = message.get("status", 101)
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.update(ON_EVERY_ANSWER)
            elif message["type"] == "websocket.close" and answered is None:
                answered = 403
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            logger.log(
                _level(answered),
                "request.ended",
                method=scope.get("method", "WEBSOCKET"),
                path=_shown(scope["path"]),
                status=answered,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )


def _level(status: int | None) -> int:
    """None for a client that left before there was an answer."""
    if status is None or status < HTTPStatus.BAD_REQUEST:
        return logging.INFO
    return logging.WARNING if status < HTTPStatus.INTERNAL_SERVER_ERROR else logging.ERROR


def _shown(path: str) -> str:
    """Its first part. What comes after may be a token, which opens something to whoever knows it."""
    first, _, rest = path.removeprefix("/").partition("/")
    return f"/{first}/…" if rest else f"/{first}"


def request_id_of(scope: Scope) -> str:
    return str(scope["state"]["request_id"])
