"""The life of one socket: it is opened, says who is calling, runs operations, and ends."""

import asyncio
import time
from collections import deque
from contextlib import ExitStack

import structlog
from starlette.requests import HTTPConnection

from schema.context import Context
from schema.transport.contexts import Contexts
from schema.transport.open_connections import TooManyConnections
from schema.transport.pipeline import Pipeline
from schema.transport.websocket import messages
from schema.transport.websocket.connection import SocketConnection, SocketEnded
from schema.transport.websocket.messages import CloseCode
from schema.transport.websocket.operations import SocketOperations
from schema.transport.websocket.registry import Sockets
from services.errors import Unauthenticated
from services.events.outages import OUTAGES, describe, passes
from services.identity.viewers import ANONYMOUS, Viewer
from services.rates import Rate
from services.settings import Settings

logger = structlog.get_logger()


class MessageRate:
    """How many messages a client may send in any stretch of time."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._times: deque[float] = deque(maxlen=rate.attempts)

    def count(self) -> bool:
        """Count one; False beyond the rate."""
        now = time.monotonic()
        is_within = len(self._times) < self._rate.attempts or now - self._times[0] >= self._rate.seconds
        self._times.append(now)
        return is_within


class SocketSession:
    def __init__(
        self,
        connection: SocketConnection,
        handshake: HTTPConnection,
        *,
        pipeline: Pipeline,
        contexts: Contexts,
        sockets: Sockets,
        settings: Settings,
    ) -> None:
        self._connection = connection
        self._handshake = handshake
        self._pipeline = pipeline
        self._contexts = contexts
        self._sockets = sockets
        self._init_seconds = settings.socket_init_seconds
        self._rate = MessageRate(settings.socket_messages)
        self._most_operations = settings.socket_operations
        self._is_initialised = asyncio.Event()
        self._viewer: Viewer | None = None
        self._place = ExitStack()
        """Among the sockets of its viewer."""

    async def run(self) -> None:
        """Returns when the socket is closed or gone, and all that ran on it has ended."""
        with self._place:
            async with asyncio.TaskGroup() as running:
                operations = SocketOperations(
                    running, self._connection, self._pipeline, self._make_context, self._most_operations
                )
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._take_messages(group, operations))
                        group.create_task(self._expect_init())
                        await self._connection.ended()
                except* SocketEnded:
                    operations.stop_all()
                    await self._connection.close()

    async def _take_messages(self, group: asyncio.TaskGroup, operations: SocketOperations) -> None:
        while True:
            frame = await self._connection.receive()
            if not self._rate.count():
                raise self._connection.end(CloseCode.TOO_MANY_REQUESTS, "Too many messages")
            try:
                message = messages.read_message(frame)
            except messages.InvalidMessage as error:
                raise self._connection.end(CloseCode.BAD_REQUEST, str(error)) from None
            await self._take(message, group, operations)
            # Those that have come together are there at once, and some take long to read: let others go on.
            await asyncio.sleep(0)

    async def _take(
        self, message: messages.ClientMessage, group: asyncio.TaskGroup, operations: SocketOperations
    ) -> None:
        match message:
            case messages.ConnectionInit():
                if self._is_initialised.is_set():
                    raise self._connection.end(CloseCode.TOO_MANY_REQUESTS, "Too many initialisation requests")
                self._is_initialised.set()
                # Beside this loop, so that a slow sign-in holds up no ping.
                group.create_task(self._sign_in(message))
            case messages.Ping():
                await self._answer(message)
            case messages.Subscribe():
                if self._viewer is None:
                    raise self._connection.end(CloseCode.UNAUTHORIZED, "Unauthorized")
                await operations.start(message)
            case messages.Complete():
                operations.stop(message.id)
            case messages.Pong():
                pass

    async def _expect_init(self) -> None:
        try:
            async with asyncio.timeout(self._init_seconds):
                await self._is_initialised.wait()
        except TimeoutError:
            raise self._connection.end(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _answer(self, ping: messages.Ping) -> None:
        try:
            await self._connection.send(messages.pong(ping.payload))
        except (ValueError, RecursionError):
            reason = "The payload holds what cannot be sent back."
            raise self._connection.end(CloseCode.BAD_REQUEST, reason) from None

    async def _sign_in(self, message: messages.ConnectionInit) -> None:
        credentials = Credentials(message, self._handshake)
        try:
            identity = await self._contexts.identify(
                credentials.sent("authorization"), credentials.sent("guestsessionid", "x-guest-session-id")
            )
        except OUTAGES as error:
            if not passes(error):
                raise
            logger.warning("socket.sign_in_failed", error=describe(error))
            raise self._connection.end(CloseCode.TRY_AGAIN_LATER, "Try again later") from None
        if isinstance(identity, Unauthenticated):
            raise self._connection.end(CloseCode.FORBIDDEN, str(identity))
        try:
            self._place.enter_context(self._sockets.signed_in(identity, self._connection))
        except TooManyConnections:
            raise self._connection.end(CloseCode.TOO_MANY_REQUESTS, "Too many sockets") from None
        self._viewer = identity
        await self._connection.send(messages.CONNECTION_ACK)

    def _make_context(self) -> Context:
        return self._contexts.make(self._handshake, self._viewer or ANONYMOUS)


class Credentials:
    """What names the caller: the payload of connection_init and, for what it leaves out, headers of the handshake."""

    def __init__(self, message: messages.ConnectionInit, handshake: HTTPConnection) -> None:
        self._payload = {name.lower(): value for name, value in message.payload.items()}
        self._headers = handshake.headers

    def sent(self, *names: str) -> object:
        """The value under the first of these names that has one, perhaps no text; None for none."""
        values = (source.get(name) for source in (self._payload, self._headers) for name in names)
        return next((value for value in values if value is not None and value != ""), None)
