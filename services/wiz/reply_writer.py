"""The worker's side of a reply: asks the model, streams its text into the event log, and stores how it ended."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import structlog
from structlog.typing import FilteringBoundLogger

from db.outbox import NewEvent
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.videos import VideoRow
from db.queries.wiz import MessageRow
from db.sessions import Sessions, Transaction
from services.llm.chat_model import (
    ChatModel,
    ChatRequest,
    ChatTurn,
    KeyRefused,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelSilent,
    Segment,
)
from services.llm.citations import cite
from services.llm.models import Models
from services.llm.prompts import HISTORY_WINDOW
from services.tasks.model import ClaimedTask, TaskError, TaskFailed
from services.tasks.queue import TaskQueue
from services.validation import UNSTORABLE
from services.videos.transcripts import load_segments
from services.wiz.delta_buffer import DeltaBuffer, DeltaStream
from services.wiz.messages import MessageRole, MessageStatus
from services.wiz.replies import ReplyFailure
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
        request = await self._request(reply)
        stream = self._buffer.open(task, topic_of(reply.id))
        try:
            await self._answer(model, request, stream)
        finally:
            self._buffer.close(stream)
        await self._finish(task, reply.id, stream.text, request.segments)

    async def give_up(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        """In the transaction that ends the task for good: keep the text so far, tell the readers, refund the quota."""
        await break_off(tx, message_id_of(task), MessageStatus.FAILED, error_code=error.code)
        await tx.execute(queries.refund_quota(str(task.payload["owner"]), str(task.payload["day"])))

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """In the transaction that marks the task as cancelled."""
        await break_off(tx, message_id_of(task), MessageStatus.STOPPED)

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

    async def _request(self, reply: MessageRow) -> ChatRequest:
        async with self._database.read(snapshot=True) as reader:
            video_id = await reader.scalar(queries.video_of_message(reply.id)) or 0
            video = await reader.row(VideoRow, video_queries.by_ids([video_id]))
            segments = await load_segments(reader, video_id)
            newest_first = await reader.all(queries.history(reply.conversation_id, reply.id, HISTORY_WINDOW))
        turns = [
            ChatTurn(role="user" if role == MessageRole.USER else "assistant", content=content)
            for role, content in reversed(newest_first)
        ]
        return ChatRequest(title=(video and video.display_title) or "this video", segments=segments, turns=turns)

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
        try:
            async with aclosing(model.reply(request)) as answer:
                async for piece in answer:
                    stream.append(UNSTORABLE.sub("", piece))
        except ModelError as error:
            failure = next(failure for kind, failure in FAILURES if isinstance(error, kind))
            log.warning("reply.model_failed", model=model.name, failure=failure, code=error.code)
            return failure
        return None

    async def _finish(self, task: ClaimedTask, message_id: int, text: str, segments: Sequence[Segment]) -> None:
        citations = cite(text, segments)
        async with self._database.write() as tx:
            await self._queue.succeed(tx, task)
            await end(tx, message_id, MessageStatus.DONE, text, citations)


def message_id_of(task: ClaimedTask) -> int:
    return int(str(task.payload["messageId"]))
