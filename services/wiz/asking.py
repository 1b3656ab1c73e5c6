"""Questions to Wiz, sent and asked again: stored, counted, and a reply to each ordered of a worker (services.wiz.replies)."""

from dataclasses import dataclass

from db.queries import replies as reply_queries
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.videos import VideoPartRow, VideoRow
from db.queries.wiz import ConversationRow, MessageRow, NewMessage
from db.search_index import index_message
from db.sessions import Reader, Sessions, Transaction
from services import limits
from services.errors import NotFound, QuotaExceeded, TranscriptMissing, TranscriptNotReady
from services.identity.viewers import Owner
from services.validation import Checks
from services.videos.processing import Part, PartState
from services.wiz import replies
from services.wiz.availability import Availability
from services.wiz.messages import MessageRole, MessageStatus
from services.wiz.ownership import found, hold_owner, owned_by, owned_conversation, owned_reply
from services.wiz.quotas import Quota, Quotas


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    message: MessageRow
    reply: MessageRow
    quota: Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    reply: MessageRow
    quota: Quota


class AskingService:
    """A refusal stores and counts nothing.

    Checked in this order: the text, whose it is, the quota, the transcript, the model.
    """

    def __init__(self, database: Sessions, quotas: Quotas, availability: Availability) -> None:
        self._database = database
        self._quotas = quotas
        self._availability = availability

    async def send(self, owner: Owner, conversation_id: int, text: str) -> Sent:
        """Store the question and an empty reply, and have a worker write it.

        Raises InvalidInput, NotFound, QuotaExceeded, TranscriptNotReady, TranscriptMissing or ModelUnavailable.
        """
        checks = Checks()
        text = checks.text(text, "text", maximum=limits.MESSAGE_LENGTH)
        checks.finish()
        model = await self._availability.shared_model_for(owner)
        async with self._database.write() as tx:
            await owned_conversation(tx, owner, conversation_id)
            await hold_owner(tx, owner)
            quota = await self._quotas.take(tx, owner)
            conversation = await _enter(tx, owner, conversation_id)
            await self._require(tx, conversation, model)
            message = await _add(tx, NewMessage(conversation_id, MessageRole.USER, text, MessageStatus.DONE))
            await index_message(
                tx,
                message.id,
                conversation_id=conversation_id,
                user_id=owner.user_id,
                video_id=conversation.video_id,
                text=text,
                created_at=message.created_at,
            )
            return Sent(message=message, reply=await _order(tx, owner, quota, message), quota=quota)

    async def retry(self, owner: Owner, reply_id: int) -> AskedAgain:
        """Have a worker write another reply to the same question; the one that is to come already, if there is one.

        Raises NotFound, QuotaExceeded, TranscriptNotReady, TranscriptMissing or ModelUnavailable.
        """
        model = await self._availability.shared_model_for(owner)
        async with self._database.write() as tx:
            question = await _question_of(tx, owner, reply_id)
            await hold_owner(tx, owner)
            try:
                quota = await self._quotas.take(tx, owner)
            except QuotaExceeded:
                # The last of the day may have gone to the reply that is to come.
                coming = await _to_come(tx, question)
                if coming is None:
                    raise
                return AskedAgain(reply=coming, quota=await self._quotas.look_up(tx, owner))
            conversation = await _enter(tx, owner, question.conversation_id)
            coming = await _to_come(tx, question)
            if coming is not None:
                await self._quotas.undo(tx, owner, quota)
                return AskedAgain(reply=coming, quota=await self._quotas.look_up(tx, owner))
            await self._require(tx, conversation, model)
            return AskedAgain(reply=await _order(tx, owner, quota, question), quota=quota)

    async def _require(self, tx: Transaction, conversation: ConversationRow, model: str | None) -> None:
        """Raises TranscriptNotReady, TranscriptMissing or ModelUnavailable."""
        await _require_transcript(tx, conversation.video_id)
        await self._availability.require(tx, model)


async def _question_of(reader: Reader, owner: Owner, reply_id: int) -> MessageRow:
    """Raises NotFound."""
    reply = await owned_reply(reader, owner, reply_id)
    question = await reader.row(MessageRow, queries.message(reply.reply_to_id or 0))
    if question is None:
        raise NotFound("Reply not found.")
    return question


async def _enter(tx: Transaction, owner: Owner, conversation_id: int) -> ConversationRow:
    """From here to the end of the transaction nobody else asks in it, claims it or deletes it. Raises NotFound."""
    return found(await tx.row(ConversationRow, queries.touch_conversation(owned_by(owner), conversation_id)))


async def _to_come(reader: Reader, question: MessageRow) -> MessageRow | None:
    return await reader.row(MessageRow, reply_queries.unended(question.id))


async def _order(tx: Transaction, owner: Owner, quota: Quota, question: MessageRow) -> MessageRow:
    reply = NewMessage(question.conversation_id, MessageRole.ASSISTANT, "", MessageStatus.PENDING, question.id)
    row = await _add(tx, reply)
    await replies.order(tx, row.id, owner, quota.day)
    return row


async def _add(tx: Transaction, message: NewMessage) -> MessageRow:
    row = await tx.row(MessageRow, queries.add_message(message))
    if row is None:
        raise NotFound("Conversation not found.")
    return row


async def _require_transcript(tx: Transaction, video_id: int) -> None:
    """Raises TranscriptNotReady while it may still come, TranscriptMissing when it will not by itself."""
    video = await tx.row(VideoRow, video_queries.by_ids([video_id]))
    if video is None:
        raise NotFound("Video not found.")
    if video.transcript_available:
        if await tx.scalar(video_queries.has_segments(video_id)) is None:
            raise TranscriptMissing
        return
    parts = await tx.rows(VideoPartRow, video_queries.parts([video_id]))
    if any(part.part == Part.TRANSCRIPT and part.state == PartState.FAILED for part in parts):
        raise TranscriptMissing
    raise TranscriptNotReady(video_id)
