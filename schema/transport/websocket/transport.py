"""GraphQL over websockets: the subprotocol graphql-transport-ws, and the handshakes that are refused."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from schema.transport.contexts import Contexts
from schema.transport.open_connections import TooManyConnections
from schema.transport.pipeline import Pipeline
from schema.transport.refusals import HttpRefusal, refusal_response
from schema.transport.websocket.connection import SocketConnection, SocketEnded
from schema.transport.websocket.messages import SUBPROTOCOL, CloseCode
from schema.transport.websocket.origins import is_welcome
from schema.transport.websocket.registry import Sockets
from schema.transport.websocket.session import SocketSession
from services.container import Services

FOREIGN_ORIGIN = HttpRefusal(HTTPStatus.FORBIDDEN, "Pages of this origin may not open a socket here.", code="FORBIDDEN")
NO_SOCKET = HttpRefusal(HTTPStatus.NOT_FOUND, "There is no socket at this address.", code="NOT_FOUND")


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
        connection = SocketConnection(receive, send)
        try:
            if not is_welcome(handshake.headers, self._services().settings.allowed_origins):
                await refuse_handshake(FOREIGN_ORIGIN, scope, receive, send)
            elif SUBPROTOCOL not in scope["subprotocols"]:
                await connection.accept(None)
                await connection.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            else:
                await connection.accept(SUBPROTOCOL)
                await self._serve(handshake, connection)
        except SocketEnded:
            pass  # gone before it was open

    async def _serve(self, handshake: HTTPConnection, connection: SocketConnection) -> None:
        try:
            with self._sockets.opened(self._contexts.address(handshake)):
                session = SocketSession(
                    connection,
                    handshake,
                    pipeline=self._pipeline,
                    contexts=self._contexts,
                    sockets=self._sockets,
                    settings=self._services().settings,
                )
                await session.run()
        except TooManyConnections:
            # The one code for this after which the graphql-ws client waits and comes back: it gives up after 4429, and
            # after a handshake that was refused.
            await connection.close(CloseCode.TRY_AGAIN_LATER, "Too many sockets")


class NoSocket:
    """An ASGI application for scopes of the type `websocket`, at all addresses that have none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await refuse_handshake(NO_SOCKET, scope, receive, send)


async def refuse_handshake(refusal: HttpRefusal, scope: Scope, receive: Receive, send: Send) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await refusal_response(refusal, scope)(scope, receive, send)
    else:
        # Answered with 403, and a body of the server's.
        await send({"type": "websocket.close"})
