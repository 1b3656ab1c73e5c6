"""The worker's side of a reply: asks the model, streams its text into the event log, and stores how it ended."""

import asyncio
from contextlib import aclosing

from db.outbox import NewEvent
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.videos import SegmentRow, VideoRow
from db.queries.wiz import MessageRow
from db.sessions import Sessions, Transaction
from services.delta_buffer import DeltaBuffer, DeltaStream
from services.llm.chat_model import ChatModel, ChatRequest, ChatTurn, ModelRefused, ModelUnavailable, Segment
from services.llm.citations import cite
from services.llm.prompts import HISTORY_WINDOW
from services.messages import MessageRole, MessageStatus
from services.replies import Progress, ReplyFailure, mark_stopped, text_so_far, topic_of
from services.tasks.model import ClaimedTask, TaskError, TaskFailed
from services.tasks.queue import TaskQueue

LONGEST_REPLY_SECONDS = 300


class ReplyWriter:
    def __init__(self, database: Sessions, queue: TaskQueue, buffer: DeltaBuffer, model: ChatModel) -> None:
        self._database = database
        self._queue = queue
        self._buffer = buffer
        self._model = model

    async def write(self, task: ClaimedTask) -> None:
        """Handle a task of kind `write_reply`. A take-over starts the text again, and says so to the readers."""
        message = await self._begin(task)
        if message is None:
            return
        request = await self._request(message)
        stream = self._buffer.open(task, topic_of(message.id))
        try:
            text = await self._stream(task, request, stream)
        finally:
            self._buffer.close(stream)
        if not text.strip():
            raise _failed(ReplyFailure.EMPTY_REPLY)
        await self._finish(task, message, text, request)

    async def give_up(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        """In the transaction that ends the task for good: keep the text so far, tell the readers, refund the quota."""
        message_id = message_id_of(task)
        text = await text_so_far(tx, message_id)
        await tx.execute(queries.finish_message(message_id, MessageStatus.FAILED, text, error_code=error.code))
        await tx.execute(queries.refund_quota(str(task.payload["owner"]), str(task.payload["day"])))
        await tx.publish(topic_of(message_id), NewEvent(type=Progress.FAILED))

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """In the transaction that marks the task as cancelled."""
        await mark_stopped(tx, message_id_of(task))

    async def _begin(self, task: ClaimedTask) -> MessageRow | None:
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            message = await tx.row(MessageRow, queries.message(message_id_of(task)))
            if message is None or MessageStatus(message.status).is_final:
                await self._queue.succeed(tx, task)
                return None
            await tx.execute(queries.set_message_status(message.id, MessageStatus.STREAMING))
            await tx.publish(topic_of(message.id), NewEvent(type=Progress.STARTED, data={"attempt": task.attempt}))
            return message

    async def _request(self, message: MessageRow) -> ChatRequest:
        async with self._database.read(snapshot=True) as reader:
            video_id = await reader.scalar(queries.video_of_conversation(message.conversation_id)) or 0
            video = await reader.row(VideoRow, video_queries.by_ids([video_id]))
            segments = await reader.rows(SegmentRow, video_queries.segments(video_id))
            history = queries.history(message.conversation_id, message.id, HISTORY_WINDOW)
            turns = [
                ChatTurn(role="user" if role == MessageRole.USER else "assistant", content=content)
                for role, content in reversed(await reader.all(history))
            ]
        return ChatRequest(
            title=(video and video.display_title) or "this video",
            segments=[
                Segment(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text)
                for row in segments
            ],
            turns=turns,
        )

    async def _stream(self, task: ClaimedTask, request: ChatRequest, stream: DeltaStream) -> str:
        """The whole answer, when all of it is in the log. Raises TaskCancelled when the owner stops it."""
        pieces: list[str] = []
        try:
            async with asyncio.timeout(LONGEST_REPLY_SECONDS), aclosing(self._model.reply(request)) as answer:
                async for piece in answer:
                    task.raise_if_cancelled()
                    stream.append(piece)
                    pieces.append(piece)
        except ModelUnavailable as error:
            # Once a reader has seen a word, a second try could contradict it.
            raise _failed(ReplyFailure.MODEL_UNAVAILABLE, retryable=not pieces) from error
        except ModelRefused as error:
            raise _failed(ReplyFailure.MODEL_REFUSED) from error
        except TimeoutError as error:
            raise _failed(ReplyFailure.TIMEOUT) from error
        finally:
            await stream.drain()
        return "".join(pieces)

    async def _finish(self, task: ClaimedTask, message: MessageRow, text: str, request: ChatRequest) -> None:
        citations: list[dict[str, object]] = [
            {"startSeconds": citation.start_seconds, "label": citation.label, "quote": citation.quote}
            for citation in cite(text, request.segments)
        ]
        async with self._database.write() as tx:
            await self._queue.succeed(tx, task)
            await tx.execute(
                queries.finish_message(
                    message.id, MessageStatus.DONE, text, model=self._model.name, citations=citations
                )
            )
            await tx.publish(topic_of(message.id), NewEvent(type=Progress.DONE))


def message_id_of(task: ClaimedTask) -> int:
    return int(str(task.payload["messageId"]))


def _failed(failure: ReplyFailure, *, retryable: bool = False) -> TaskFailed:
    return TaskFailed(failure, failure.sentence, retryable=retryable)
