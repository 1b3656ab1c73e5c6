"""Replies of Wiz as their readers see them: ordered, and followed from any position to their end."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement

from db.outbox import NewEvent, NewTask
from db.queries import events as event_queries
from db.queries import wiz as queries
from db.queries.wiz import MessageRow
from db.sessions import Reader, Sessions, Transaction
from services.errors import NotFound
from services.events.event import Event, EventsExpired
from services.events.log import EventLog
from services.events.log import position as position_of
from services.events.positions import parse_position
from services.messages import MessageRole, MessageStatus
from services.quotas import day_of
from services.tasks.model import Cancellation
from services.tasks.queue import TaskQueue
from services.viewers import Owner

LANE = "replies"
KIND = "write_reply"
MAX_ATTEMPTS = 5


class Progress(StrEnum):
    """The events of a reply's topic, in the order they come; the last three end it."""

    QUEUED = "queued"
    STARTED = "started"
    """By an attempt; a later one starts the text again."""
    DELTA = "delta"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class ReplyFailure(StrEnum):
    """Why a reply broke off."""

    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_REFUSED = "MODEL_REFUSED"
    EMPTY_REPLY = "EMPTY_REPLY"
    TIMEOUT = "TIMEOUT"
    WORKER_LOST = "WORKER_LOST"
    INTERNAL = "INTERNAL"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]


SENTENCES = {
    ReplyFailure.MODEL_UNAVAILABLE: "The model cannot be reached. Please try again.",
    ReplyFailure.MODEL_REFUSED: "The model would not answer this.",
    ReplyFailure.EMPTY_REPLY: "No response from AI model. Please try again.",
    ReplyFailure.TIMEOUT: "The answer took too long. Please try again.",
    ReplyFailure.WORKER_LOST: "The answer was interrupted. Please try again.",
    ReplyFailure.INTERNAL: "Something went wrong on our side. Please try again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The whole text so far; it replaces what the reader holds."""

    position: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    position: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The terminal event; the message tells how it ended."""

    position: int
    message: MessageRow


ReplyEvent = Snapshot | Delta | Ended


def topic_of(message_id: int) -> str:
    return f"reply:{message_id}"


async def order(tx: Transaction, message_id: int, owner: Owner) -> None:
    """Have a worker write the reply. What was counted for it is remembered, to be given back if it fails."""
    await tx.publish(topic_of(message_id), NewEvent(type=Progress.QUEUED))
    payload = {"messageId": message_id, "owner": owner.key, "day": day_of(datetime.now(UTC))}
    await tx.enqueue(NewTask(kind=KIND, lane=LANE, key=str(message_id), payload=payload, max_attempts=MAX_ATTEMPTS))


async def text_so_far(reader: Reader, message_id: int) -> str:
    """What the present attempt has streamed."""
    pieces: list[str] = []
    for kind, data in await reader.all(event_queries.of_topic(topic_of(message_id))):
        if kind == Progress.STARTED:
            pieces.clear()
        elif kind == Progress.DELTA:
            pieces.append(str(data["text"]))
    return "".join(pieces)


async def mark_stopped(tx: Transaction, message_id: int) -> None:
    """Keep the text so far, and tell the readers."""
    text = await text_so_far(tx, message_id)
    await tx.execute(queries.finish_message(message_id, MessageStatus.STOPPED, text))
    await tx.publish(topic_of(message_id), NewEvent(type=Progress.STOPPED))


class ReplyService:
    def __init__(self, database: Sessions, log: EventLog, queue: TaskQueue) -> None:
        self._database = database
        self._log = log
        self._queue = queue

    async def follow(self, owner: Owner, message_id: int, after: str | None) -> AsyncGenerator[ReplyEvent]:
        """The reply from `after`, or from a snapshot when that position is not known any more, to its end.

        Raises NotFound before the first event.
        """
        async with self._database.read() as reader:
            message = await reader.row(MessageRow, queries.messages_by_ids(_owned(owner), [message_id]))
        if message is None or message.role != MessageRole.ASSISTANT:
            raise NotFound("Reply not found.")
        position = parse_position(after)
        if position is not None and not await self._log.holds(topic_of(message_id), position):
            position = None
        return self._events(message_id, position)

    async def stop(self, owner: Owner, message_id: int) -> MessageRow:
        """Ask the reply to stop; what has streamed is kept. One that has ended stays as it is. Raises NotFound."""
        statement = queries.messages_by_ids(_owned(owner), [message_id])
        async with self._database.write() as tx:
            message = await tx.row(MessageRow, statement)
            if message is None or message.role != MessageRole.ASSISTANT:
                raise NotFound("Reply not found.")
            if await self._queue.request_cancel(tx, KIND, str(message_id)) is Cancellation.DONE:
                # No worker has it, so nobody else will tell its readers.
                await mark_stopped(tx, message_id)
            return await tx.row(MessageRow, statement) or message

    async def _events(self, message_id: int, position: int | None) -> AsyncGenerator[ReplyEvent]:
        while True:
            message, text, latest = await self._state(message_id)
            is_over = MessageStatus(message.status).is_final
            if position is None:
                position = latest
                yield Snapshot(position=position, text=message.content if is_over else text)
                if is_over:
                    yield Ended(position=position, message=message)
            if is_over and position >= latest:
                return
            try:
                async with aclosing(self._log.follow(topic_of(message_id), position)) as events:
                    async for event in events:
                        shown = await self._shown(message_id, event)
                        if shown is not None:
                            yield shown
                        if isinstance(shown, Ended):
                            return
            except EventsExpired:
                position = None

    async def _shown(self, message_id: int, event: Event) -> ReplyEvent | None:
        match event.type:
            case Progress.STARTED if event.data["attempt"] != 1:
                return Snapshot(position=event.seq, text="")
            case Progress.DELTA:
                return Delta(position=event.seq, text=str(event.data["text"]))
            case Progress.DONE | Progress.STOPPED | Progress.FAILED:
                message, _, _ = await self._state(message_id)
                return Ended(position=event.seq, message=message)
            case _:
                return None

    async def _state(self, message_id: int) -> tuple[MessageRow, str, int]:
        """The message, its text so far, and the position that both belong to."""
        async with self._database.read(snapshot=True) as reader:
            message = await reader.row(MessageRow, queries.message(message_id))
            if message is None:
                raise NotFound("Reply not found.")
            latest = await position_of(reader, topic_of(message_id))
            is_over = MessageStatus(message.status).is_final
            text = "" if is_over else await text_so_far(reader, message_id)
        return message, text, latest


def _owned(owner: Owner) -> ColumnElement[bool]:
    return queries.owned_by(owner.user_id, owner.guest_hash)
