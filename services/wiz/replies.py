"""Replies of Wiz as their readers see them: ordered, followed from any position to their end, and stopped."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
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
from services.wiz.messages import MessageStatus
from services.wiz.ownership import owned_reply
from services.wiz.quotas import refund
from services.wiz.reply_log import Progress, break_off, has_begun, text_so_far, topic_of

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
    CONVERSATION_DELETED = "CONVERSATION_DELETED"
    """Told to readers only: no message is left to keep it."""
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
    ReplyFailure.CONVERSATION_DELETED: "The conversation was deleted.",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """The terminal event of a reply whose conversation was deleted."""

    position: int


ReplyEvent = Snapshot | Delta | Ended | Deleted


async def order(tx: Transaction, message_id: int, owner: Owner, day: str) -> None:
    """Have a worker write the reply, and give the message back to the owner's quota of that day if it fails."""
    await tx.publish(topic_of(message_id), NewEvent(type=Progress.QUEUED))
    payload = {"messageId": message_id, "owner": owner.key, "day": day}
    await tx.enqueue(NewTask(kind=KIND, lane=LANE, key=str(message_id), payload=payload, max_attempts=MAX_ATTEMPTS))


async def give_back(tx: Transaction, payload: Mapping[str, object]) -> None:
    """The message that the ordered reply was counted for."""
    await refund(tx, str(payload.get("owner")), str(payload.get("day")))


async def stop_in(tx: Transaction, message_id: int, payload: Mapping[str, object]) -> None:
    """Once nobody writes it any more: keep the text so far, and what says nothing does not count."""
    if not await has_begun(tx, message_id):
        await give_back(tx, payload)
    await break_off(tx, message_id, MessageStatus.STOPPED)


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
            await owned_reply(reader, owner, message_id)
        position = parse_position(after)
        if position is not None and not await self._log.holds(topic_of(message_id), position):
            position = None
        events = self._events(message_id, position)
        # Nobody but a guest can lose a conversation to somebody else.
        return events if owner.guest_hash is None else self._until_claimed(owner, message_id, events)

    async def stop(self, owner: Owner, message_id: int) -> MessageRow:
        """Ask the reply to stop; what has streamed is kept, and one that has said nothing is not counted.

        One that has ended stays as it is. Raises NotFound.
        """
        async with self._database.write() as tx:
            await owned_reply(tx, owner, message_id)
            if await self._queue.request_cancel(tx, KIND, str(message_id)) is Cancellation.DONE:
                # No worker has it, so nobody else will tell its readers. Given back to who asked, who may have been a
                # guest until the conversation was claimed.
                ordered = await tx.scalar(task_queries.latest_payload(KIND, str(message_id)))
                await stop_in(tx, message_id, ordered or {})
            return await owned_reply(tx, owner, message_id)

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
                        await _check_still_theirs(reader, owner, message_id)
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
                        if isinstance(shown, Ended | Deleted):
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
                    message = await reader.row(MessageRow, queries.message(message_id))
                return Deleted(position=event.seq) if message is None else Ended(position=event.seq, message=message)
            case Progress.DELETED:
                return Deleted(position=event.seq)
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


async def _check_still_theirs(reader: Reader, owner: Owner, message_id: int) -> None:
    """Raises NotFound when it is somebody else's by now. Of what is deleted the stream itself tells."""
    if await reader.first(queries.message(message_id)) is not None:
        await owned_reply(reader, owner, message_id)


async def _reply(reader: Reader, message_id: int) -> MessageRow:
    """Whoever's it is; it may have been deleted meanwhile."""
    message = await reader.row(MessageRow, queries.message(message_id))
    if message is None:
        raise NotFound("Reply not found.")
    return message
