"""The operations that run on one socket, each in a task of its own."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import cast

import structlog
from graphql import GraphQLFormattedError, OperationType

from schema.context import Context
from schema.errors import shaped
from schema.transport.coded_errors import coded_error
from schema.transport.operation_request import OperationRequest
from schema.transport.pipeline import Payload, Pipeline, RequestRefused
from schema.transport.websocket import messages
from schema.transport.websocket.connection import SocketConnection, SocketEnded
from schema.transport.websocket.messages import CloseCode, Message
from services.errors import UnauthenticatedReason

ENDED = frozenset({UnauthenticatedReason.EXPIRED, UnauthenticatedReason.REVOKED})
TURN_SECONDS = 0.005
"""How long one stream may keep the loop to itself."""

logger = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Running:
    """One operation; compared by identity, since its id may be used again."""

    id: str
    is_closing: bool = False
    """Whether its generator is being closed already; cancelled then, it would not come to its end."""


class SocketOperations:
    """Each operation is cancelled once at most, so that what it does at its end is not broken off."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        connection: SocketConnection,
        pipeline: Pipeline,
        make_context: Callable[[], Context],
        most: int,
    ) -> None:
        """They run in the group, at most so many at once; `make_context` makes the context of one."""
        self._group: asyncio.TaskGroup = group
        self._connection = connection
        self._pipeline = pipeline
        self._make_context = make_context
        self._most = most
        self._by_id: dict[str, Running] = {}
        self._tasks: dict[Running, asyncio.Task[None]] = {}

    async def start(self, message: messages.Subscribe) -> None:
        """Raises SocketEnded for an id that is in use."""
        if message.id in self._by_id:
            reason = f"Subscriber for {message.id} already exists"
            raise self._connection.end(CloseCode.SUBSCRIBER_ALREADY_EXISTS, reason)
        context = self._make_context()
        if len(self._tasks) >= self._most:
            problem = f"A socket runs {self._most} operations at once, and no more."
            refusal = coded_error(problem, "RATE_LIMITED", context.request_id)
            await self._connection.send(messages.error(message.id, [refusal]))
            return
        running = self._by_id[message.id] = Running(message.id)
        self._tasks[running] = self._group.create_task(self._run(running, message.request, context))

    def stop(self, number: str) -> None:
        """Cancel it, if it still runs: a generator is closed, and a mutation that has not been committed is undone.

        The id can be used again at once.
        """
        running = self._by_id.pop(number, None)
        # Whatever the client had no answer to yet is gone for it, as when it leaves in the middle of a request.
        if running is not None:
            self._cancel(running)

    def stop_all(self) -> None:
        for running in list(self._tasks):
            self._cancel(running)

    def _cancel(self, running: Running) -> None:
        task = self._tasks.pop(running, None)
        if task is not None and not running.is_closing:
            task.cancel()

    async def _run(self, running: Running, request: OperationRequest, context: Context) -> None:
        began = time.perf_counter()
        try:
            await self._answer(running, request, context)
        except SocketEnded:
            pass  # as the connection knows, and tells all who wait for it
        finally:
            self._forget(running)
            self._tasks.pop(running, None)
            logger.info("operation.ended", milliseconds=round((time.perf_counter() - began) * 1000, 1))

    async def _answer(self, running: Running, request: OperationRequest, context: Context) -> None:
        try:
            operation = await self._pipeline.prepare(request, context)
            if operation.kind is OperationType.SUBSCRIPTION:
                await self._send_all(running, await self._pipeline.subscribe(operation))
            else:
                await self._send_next(running, await self._pipeline.execute(operation))
        except SocketEnded:
            raise
        except RequestRefused as refused:
            self._look_for_the_end_of_the_session(refused.errors)
            await self._finish(running, messages.error(running.id, refused.errors))
        except Exception as error:  # noqa: BLE001  it is told to the client, masked, and logged
            await self._finish(running, messages.error(running.id, [shaped(error, context)]))
        else:
            await self._finish(running, messages.complete(running.id))

    async def _send_all(self, running: Running, payloads: AsyncGenerator[Payload]) -> None:
        clock = asyncio.get_running_loop().time
        turn = clock()
        try:
            async for payload in payloads:
                await self._send_next(running, payload)
                # While events are there already and the client takes them, nothing above waits: let others go on.
                if clock() - turn >= TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = clock()
        finally:
            running.is_closing = True
            await payloads.aclose()

    async def _send_next(self, running: Running, payload: Payload) -> None:
        self._look_for_the_end_of_the_session(payload.get("errors"))
        await self._connection.send(messages.next_(running.id, payload))

    async def _finish(self, running: Running, message: Message) -> None:
        # Before it is sent: who has read it may use the id again.
        self._forget(running)
        await self._connection.send(message)

    def _forget(self, running: Running) -> None:
        if self._by_id.get(running.id) is running:
            del self._by_id[running.id]

    def _look_for_the_end_of_the_session(self, errors: object) -> None:
        """Raises SocketEnded instead of an answer by which a client could not sign in anew, and go on."""
        # The socket was opened with good credentials, so that these reasons can only be of a later day.
        for error in cast("Sequence[GraphQLFormattedError]", errors or ()):  # as schema.errors shapes them
            extensions = error.get("extensions", {})
            if extensions.get("code") == "UNAUTHENTICATED" and extensions["details"]["reason"] in ENDED:
                raise self._connection.end(CloseCode.FORBIDDEN, error.get("message", "Forbidden"))
