"""GraphQL over websockets: the subprotocol graphql-transport-ws, and the handshakes that are refused."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from schema.transport.contexts import Contexts
from schema.transport.pipeline import Pipeline
from schema.transport.refusals import HttpRefusal, refusal_response
from schema.transport.socket_connection import SocketConnection, SocketEnded
from schema.transport.socket_messages import SUBPROTOCOL, CloseCode
from schema.transport.socket_origins import is_welcome
from schema.transport.socket_registry import ProcessIsFull, Sockets, TooManySockets
from schema.transport.socket_session import SocketSession
from services.container import Services

RETRY = {"Retry-After": "5"}
FOREIGN = HttpRefusal(HTTPStatus.FORBIDDEN, "Pages of this origin may not open a socket.", code="FORBIDDEN")
# Refused before they are open, which the graphql-ws client sees as 1006: it waits and comes back. Of the close codes
# for this, 4429 would make it give up for good.
ADDRESS = HttpRefusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many sockets are open.", code="RATE_LIMITED", headers=RETRY)
PROCESS = HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too many sockets are open.", code="RATE_LIMITED", headers=RETRY)


class WebSocketTransport:
    """An ASGI application for scopes of the type `websocket`."""

    def __init__(
        self, pipeline: Pipeline, contexts: Contexts, services: Callable[[], Services], sockets: Sockets
    ) -> None:
        self._pipeline = pipeline
        self._contexts = contexts
        self._services = services
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return  # gone already
        handshake = HTTPConnection(scope)
        if not is_welcome(handshake.headers, self._services().settings.allowed_origins):
            await refuse(FOREIGN, scope, receive, send)
            return
        try:
            with self._sockets.opened(self._contexts.address(handshake)):
                await self._serve(handshake, receive, send)
        except SocketEnded:
            pass  # gone before it was accepted
        except TooManySockets as error:
            await refuse(PROCESS if isinstance(error, ProcessIsFull) else ADDRESS, scope, receive, send)

    async def _serve(self, handshake: HTTPConnection, receive: Receive, send: Send) -> None:
        connection = SocketConnection(receive, send)
        if SUBPROTOCOL not in handshake.scope["subprotocols"]:
            await connection.accept(None)
            connection.end(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            await connection.close()
            return
        await connection.accept(SUBPROTOCOL)
        session = SocketSession(
            connection,
            handshake,
            pipeline=self._pipeline,
            contexts=self._contexts,
            sockets=self._sockets,
            settings=self._services().settings,
        )
        await session.run()


async def refuse(refusal: HttpRefusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake as any request of HTTP, where the server knows how; otherwise it is a bare 403."""
    # Of a client that has gone nobody is left to be told.
    with suppress(OSError):
        if "websocket.http.response" in scope.get("extensions", {}):
            await refusal_response(refusal, scope)(scope, receive, send)
        else:
            await send({"type": "websocket.close"})
