"""Answers for an application that broke, so that nobody is told why, and pages of other origins can still read the answer."""

from contextlib import suppress
from http import HTTPStatus

import structlog
from starlette import status
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.transport.refusals import HttpRefusal, refusal_response
from services.events.outages import describe, passes

OUTAGE = HttpRefusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The server is busy. Try again in a moment.",
    code="TIMEOUT",
    headers={"Retry-After": "1"},
)
MISTAKE = HttpRefusal(
    HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.", code="INTERNAL_SERVER_ERROR"
)

logger = structlog.get_logger()


class LastResort:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            # Of a client that has gone nobody is left to be told.
            with suppress(ClientDisconnect):
                await self._app(scope, receive, send_and_note)
        except Exception as error:
            if passes(error):
                logger.warning("request.outage", error=describe(error))
            else:
                logger.exception("request.failed")
            await answer(OUTAGE if passes(error) else MISTAKE, scope, receive, send, is_begun=is_begun)


async def answer(refusal: HttpRefusal, scope: Scope, receive: Receive, send: Send, *, is_begun: bool) -> None:
    """Say what can still be said; an answer that has begun is left unfinished."""
    if scope["type"] == "websocket":
        # The socket may have been closed already.
        with suppress(RuntimeError):
            await send({"type": "websocket.close", "code": status.WS_1011_INTERNAL_ERROR})
    elif scope["type"] == "http" and not is_begun:
        await refusal_response(refusal, scope)(scope, receive, send)
