"""One log line a request, its id, and the headers that every answer carries (pure ASGI, so that streams stay streams)."""

import json
import re
import time
import uuid
from contextlib import suppress

import structlog
from starlette import status
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.transport.coded_errors import coded_error

USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
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
            if message["type"] in {"http.response.start", "websocket.accept"}:
                answered = message.get("status", 101)
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.update(ON_EVERY_ANSWER)
            elif message["type"] == "websocket.close" and answered is None:
                answered = 403
            await send(message)

        try:
            # Of a client that has gone nobody is left to be told.
            with suppress(ClientDisconnect):
                await self._app(scope, receive, send_with_id)
        except Exception:
            # The last one who knows which request it was, and who can keep what went wrong from the client.
            logger.exception("request.failed")
            await break_off(scope, send_with_id, is_begun=answered is not None)
        finally:
            logger.info(
                "request.ended",
                method=scope.get("method", "WEBSOCKET"),
                path=scope["path"],
                status=answered,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )


async def break_off(scope: Scope, send: Send, *, is_begun: bool) -> None:
    """Say that it is our fault, if anything can still be said; an answer that has begun is left unfinished."""
    if scope["type"] == "websocket":
        # The socket may have been closed already.
        with suppress(RuntimeError):
            await send({"type": "websocket.close", "code": status.WS_1011_INTERNAL_ERROR})
    elif not is_begun:
        errors = [coded_error("Something went wrong on our side.", "INTERNAL_SERVER_ERROR", request_id_of(scope))]
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps({"errors": errors}).encode()})


def request_id_of(scope: Scope) -> str:
    return str(scope["state"]["request_id"])
