"""Replies of Wiz as their readers see them: ordered, followed from any position to their end, and stopped."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from db.outbox import NewEvent, NewTask
from db.queries import tasks as task_queries
from db.queries import wiz as queries
from db.queries.wiz import MessageRow
from db.sessions import Reader, Sessions, Transaction
from services.errors import NotFound
from services.events.event import Event, EventsExpired
from services.events.log import EventLog
from services.events.log import position as position_of
from services.events.positions import parse_position
from services.identity.viewers import Owner
from services.supervision import TICK, with_ticks
from services.tasks.model import Cancellation
from services.tasks.queue import TaskQueue
from services.wiz.messages import MessageRole, MessageStatus
from services.wiz.reply_log import Progress, break_off, text_so_far, topic_of

LANE = "replies"
KIND = "write_reply"
MAX_ATTEMPTS = 5
CLAIM_CHECK_SECONDS = 2.0
"""How often it is asked whether a guest who follows a reply still owns it."""


class ReplyFailure(StrEnum):
    """Why a reply broke off."""

    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_BUSY = "MODEL_BUSY"
    MODEL_REFUSED = "MODEL_REFUSED"
    KEY_REFUSED = "KEY_REFUSED"
    EMPTY_REPLY = "EMPTY_REPLY"
    TIMEOUT = "TIMEOUT"
    WORKER_LOST = "WORKER_LOST"
    INTERNAL = "INTERNAL"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]


SENTENCES = {
    ReplyFailure.MODEL_UNAVAILABLE: "The model cannot be reached. Please try again.",
    ReplyFailure.MODEL_BUSY: "The model has answered too much lately. Please try again later.",
    ReplyFailure.MODEL_REFUSED: "The model would not answer this.",
    ReplyFailure.KEY_REFUSED: "The provider of the model refused your key. Check it, or remove it.",
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


async def order(tx: Transaction, message_id: int, owner: Owner, day: str) -> None:
    """Have a worker write the reply, and give the message back to the owner's quota of that day if it fails."""
    await tx.publish(topic_of(message_id), NewEvent(type=Progress.QUEUED))
    payload = {"messageId": message_id, "owner": owner.key, "day": day}
    await tx.enqueue(NewTask(kind=KIND, lane=LANE, key=str(message_id), payload=payload, max_attempts=MAX_ATTEMPTS))


class ReplyService:
    def __init__(self, database: Sessions, log: EventLog, queue: TaskQueue) -> None:
        self._database = database
        self._log = log
        self._queue = queue

    async def follow(self, owner: Owner, message_id: int, after: str | None) -> AsyncGenerator[ReplyEvent]:
        """The reply from `after`, or from a snapshot when that position is not known any more, to its end.

        Nothing comes after the position of the end. Raises NotFound before the first event.
        """
        async with self._database.read() as reader:
            await _owned_reply(reader, owner, message_id)
        position = parse_position(after)
        if position is not None and not await self._log.holds(topic_of(message_id), position):
            position = None
        events = self._events(message_id, position)
        # Nobody but a guest can lose a conversation to somebody else.
        return events if owner.guest_hash is None else self._until_claimed(owner, message_id, events)

    async def stop(self, owner: Owner, message_id: int) -> MessageRow:
        """Ask the reply to stop; what has streamed is kept, and one that never began is not counted.

        One that has ended stays as it is. Raises NotFound.
        """
        async with self._database.write() as tx:
            await _owned_reply(tx, owner, message_id)
            if await self._queue.request_cancel(tx, KIND, str(message_id)) is Cancellation.DONE:
                # No worker has it, so nobody else will tell its readers.
                await break_off(tx, message_id, MessageStatus.STOPPED)
                # To who asked, who may have been a guest until the conversation was claimed.
                ordered = await tx.scalar(task_queries.latest_payload(KIND, str(message_id))) or {}
                await tx.execute(queries.refund_quota(str(ordered.get("owner")), str(ordered.get("day"))))
            return await _owned_reply(tx, owner, message_id)

    async def _until_claimed(
        self, owner: Owner, message_id: int, events: AsyncGenerator[ReplyEvent]
    ) -> AsyncGenerator[ReplyEvent]:
        """Raises NotFound soon after the conversation has become a user's."""
        clock = asyncio.get_running_loop().time
        looked_at = clock()
        async with aclosing(with_ticks(events, CLAIM_CHECK_SECONDS)) as beats:
            async for beat in beats:
                if clock() - looked_at >= CLAIM_CHECK_SECONDS:
                    async with self._database.read() as reader:
                        await _owned_reply(reader, owner, message_id)
                    looked_at = clock()
                if beat is not TICK:
                    yield beat

    async def _events(self, message_id: int, position: int | None) -> AsyncGenerator[ReplyEvent]:
        if position is not None and await self._ended_by(message_id, position):
            return
        while True:
            if position is None:
                snapshot, ended = await self._afresh(message_id)
                yield snapshot
                if ended is not None:
                    yield ended
                    return
                position = snapshot.position
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
            case Progress.DELTA:
                return Delta(position=event.seq, text=str(event.data["text"]))
            case Progress.RESTARTED:
                return Snapshot(position=event.seq, text="")
            case Progress.ENDED:
                async with self._database.read() as reader:
                    return Ended(position=event.seq, message=await _reply(reader, message_id))
            case _:
                return None

    async def _afresh(self, message_id: int) -> tuple[Snapshot, Ended | None]:
        """All of it in one state, to go on from there; with its end when that has come."""
        async with self._database.read(snapshot=True) as reader:
            message = await _reply(reader, message_id)
            latest = await position_of(reader, topic_of(message_id))
            if not MessageStatus(message.status).is_final:
                return Snapshot(position=latest, text=await text_so_far(reader, message_id)), None
        # The place just before the end, so that whoever is cut off between the two still gets the end.
        snapshot = Snapshot(position=max(0, latest - 1), text=message.content)
        return snapshot, Ended(position=latest, message=message)

    async def _ended_by(self, message_id: int, position: int) -> bool:
        """Whether a reader with this position has seen the end."""
        async with self._database.read() as reader:
            # In this order: once the message says so, the topic has its last event.
            message = await _reply(reader, message_id)
            latest = await position_of(reader, topic_of(message_id))
        return MessageStatus(message.status).is_final and position == latest


async def _owned_reply(reader: Reader, owner: Owner, message_id: int) -> MessageRow:
    owned = queries.owned_by(owner.user_id, owner.guest_hash)
    message = await reader.row(MessageRow, queries.messages_by_ids(owned, [message_id]))
    if message is None or message.role != MessageRole.ASSISTANT:
        raise NotFound("Reply not found.")
    return message


async def _reply(reader: Reader, message_id: int) -> MessageRow:
    """Whoever's it is; it may have been deleted meanwhile."""
    message = await reader.row(MessageRow, queries.message(message_id))
    if message is None:
        raise NotFound("Reply not found.")
    return message
