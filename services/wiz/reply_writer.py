"""The worker's side of a reply: asks the model, streams its text into the event log, and stores how it ended."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import structlog
from structlog.typing import FilteringBoundLogger

from db.outbox import NewEvent
from db.queries import wiz as queries
from db.queries.wiz import MessageRow
from db.sessions import Sessions, Transaction
from services.llm.chat_model import (
    ChatModel,
    ChatRequest,
    KeyRefused,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelSilent,
    Segment,
)
from services.llm.citations import cite
from services.llm.links import LinkFilter
from services.llm.models import Models
from services.tasks.model import ClaimedTask, TaskError, TaskFailed
from services.tasks.queue import TaskQueue
from services.validation import UNSTORABLE
from services.wiz.delta_buffer import DeltaBuffer, DeltaStream
from services.wiz.material import material_for
from services.wiz.messages import MessageStatus
from services.wiz.replies import ReplyFailure, give_back, stop_in
from services.wiz.reply_log import Progress, break_off, end, topic_of

log: FilteringBoundLogger = structlog.get_logger()

FAILURES: Sequence[tuple[type[ModelError], ReplyFailure]] = (
    (KeyRefused, ReplyFailure.KEY_REFUSED),
    (ModelRefused, ReplyFailure.MODEL_REFUSED),
    (ModelBusy, ReplyFailure.MODEL_BUSY),
    (ModelSilent, ReplyFailure.TIMEOUT),
    (ModelError, ReplyFailure.MODEL_UNAVAILABLE),
)
"""What readers are told of each error of a model: the first that fits."""


class ReplyWriter:
    def __init__(
        self, database: Sessions, queue: TaskQueue, buffer: DeltaBuffer, models: Models, *, longest_seconds: float
    ) -> None:
        """`longest_seconds`: what takes longer fails."""
        self._database = database
        self._queue = queue
        self._buffer = buffer
        self._models = models
        self._longest_seconds = longest_seconds

    async def write(self, task: ClaimedTask) -> None:
        """Handle a task of kind `write_reply`. A later attempt starts the text again, and says so to the readers."""
        model = await self._model_for(task)
        reply = await self._begin(task, model)
        if reply is None:
            return
        request, segments = await material_for(self._database, model, reply)
        stream = self._buffer.open(task, topic_of(reply.id))
        try:
            await self._answer(model, request, stream)
        finally:
            self._buffer.close(stream)
        await self._finish(task, reply.id, stream.text, segments)

    async def give_up(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        """In the transaction that ends the task for good: keep the text so far, tell the readers, refund the quota."""
        await give_back(tx, task.payload)
        await break_off(tx, message_id_of(task), MessageStatus.FAILED, error_code=error.code)

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """In the transaction that marks the task as cancelled."""
        await stop_in(tx, message_id_of(task), task.payload)

    async def _model_for(self, task: ClaimedTask) -> ChatModel:
        """At each attempt anew: its user may have changed the key."""
        async with self._database.read() as reader:
            user_id = await reader.scalar(queries.user_of_message(message_id_of(task)))
        return await self._models.for_user(user_id)

    async def _begin(self, task: ClaimedTask, model: ChatModel) -> MessageRow | None:
        """None when there is nothing to write (any more), and the task has succeeded."""
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            reply = await tx.row(MessageRow, queries.message(message_id_of(task)))
            if reply is None or MessageStatus(reply.status).is_final:
                await self._queue.succeed(tx, task)
                return None
            if reply.status == MessageStatus.STREAMING:
                # The attempt's number would not tell: one that is handed back at shutdown is not counted.
                await tx.publish(topic_of(reply.id), NewEvent(type=Progress.RESTARTED))
            await tx.execute(queries.begin_reply(reply.id, MessageStatus.STREAMING, model.name))
            return reply

    async def _answer(self, model: ChatModel, request: ChatRequest, stream: DeltaStream) -> None:
        """Return when the whole answer is in the log.

        Raises TaskFailed, TaskCancelled when its owner stops it, or LeaseLost; what was said before is in the log.
        """
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(self._ask(model, request, stream))
            halting = group.create_task(stream.halted.wait())
            ended, _ = await asyncio.wait(
                {asking, halting}, timeout=self._longest_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            asking.cancel()
            halting.cancel()
        await stream.drain()
        stream.task.raise_if_cancelled()
        failure = asking.result() if asking in ended else ReplyFailure.TIMEOUT
        if failure is None and not stream.text.strip():
            failure = ReplyFailure.EMPTY_REPLY
        if failure is not None:
            # Once a reader has seen a word, a second try could contradict it.
            retryable = failure is ReplyFailure.MODEL_UNAVAILABLE and not stream.text
            raise TaskFailed(failure, failure.sentence, retryable=retryable)

    async def _ask(self, model: ChatModel, request: ChatRequest, stream: DeltaStream) -> ReplyFailure | None:
        """Why the model broke off; None when it said all it had to say."""
        links = LinkFilter()
        try:
            async with aclosing(model.reply(request)) as answer:
                async for piece in answer:
                    if text := links.feed(UNSTORABLE.sub("", piece)):
                        stream.append(text)
        except ModelError as error:
            failure = next(failure for kind, failure in FAILURES if isinstance(error, kind))
            log.warning("reply.model_failed", model=model.name, failure=failure, code=error.code)
            return failure
        finally:
            if text := links.end():
                stream.append(text)
        return None

    async def _finish(self, task: ClaimedTask, message_id: int, text: str, segments: Sequence[Segment]) -> None:
        citations = cite(text, segments)
        async with self._database.write() as tx:
            await self._queue.succeed(tx, task)
            await end(tx, message_id, MessageStatus.DONE, text, citations)


def message_id_of(task: ClaimedTask) -> int:
    return int(str(task.payload["messageId"]))
