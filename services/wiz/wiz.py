"""Conversations with Wiz: begun, listed, and questions sent. The replies are written by services.wiz.replies."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from db.paging import Page, PageRequest, cut, group, page_of
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.videos import VideoPartRow, VideoRow
from db.queries.wiz import ConversationRow, MessageRow, NewMessage
from db.sessions import Sessions, Transaction
from services import limits
from services.errors import NotFound, TranscriptMissing, TranscriptNotReady
from services.identity.viewers import Owner
from services.validation import Checks
from services.videos import videos
from services.videos.processing import Part, PartState
from services.videos.videos import VideoRef
from services.wiz import replies
from services.wiz.messages import MessageRole, MessageStatus
from services.wiz.quotas import Quota, Quotas


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    message: MessageRow
    reply: MessageRow
    quota: Quota


class WizService:
    def __init__(self, database: Sessions, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas

    async def quota(self, owner: Owner) -> Quota:
        async with self._database.read() as reader:
            return await self._quotas.look_up(reader, owner)

    async def create_conversation(self, owner: Owner, ref: VideoRef, title: str | None) -> ConversationRow:
        """Always a new conversation; the video is added when new. Raises InvalidInput or NotFound."""
        checks = Checks()
        title = checks.optional_text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            video = await videos.ensure(tx, ref, None)
            insertion = queries.add_conversation(video.id, owner.user_id, owner.guest_hash, title)
            conversation = await tx.row(ConversationRow, insertion)
            if conversation is None:
                raise NotFound("Video not found.")
            return conversation

    async def conversations_by_ids(self, owner: Owner, ids: Sequence[int]) -> list[ConversationRow | None]:
        statement = queries.conversations_by_ids(owned_by(owner), ids)
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(ConversationRow, statement)}
        return [found.get(conversation_id) for conversation_id in ids]

    async def page_of_owner(self, owner: Owner, request: PageRequest) -> Page[ConversationRow]:
        statement = page_of(queries.conversations(owned_by(owner)), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(ConversationRow, statement), request)

    async def count_of_owner(self, owner: Owner) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_conversations(owned_by(owner))) or 0

    async def pages_by_video(
        self, owner: Owner | None, video_ids: Sequence[int], request: PageRequest
    ) -> list[Page[ConversationRow]]:
        """Without an owner, empty pages."""
        if owner is None:
            return [cut([], request) for _ in video_ids]
        statement = queries.conversation_pages_by_video(owned_by(owner), video_ids, request)
        async with self._database.read() as reader:
            rows = await reader.rows(ConversationRow, statement)
        return [cut(own, request) for own in group(video_ids, rows, lambda row: row.video_id)]

    async def counts_by_video(self, owner: Owner | None, video_ids: Sequence[int]) -> list[int]:
        if owner is None:
            return [0 for _ in video_ids]
        async with self._database.read() as reader:
            rows = await reader.all(queries.count_conversations_by_video(owned_by(owner), video_ids))
        found = dict(rows)
        return [found.get(video_id, 0) for video_id in video_ids]

    async def messages_by_ids(self, owner: Owner, ids: Sequence[int]) -> list[MessageRow | None]:
        statement = queries.messages_by_ids(owned_by(owner), ids)
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(MessageRow, statement)}
        return [found.get(message_id) for message_id in ids]

    async def messages_shown(self, ids: Sequence[int]) -> list[MessageRow | None]:
        """Of conversations that the caller was already shown, whoever's they are."""
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(MessageRow, queries.messages_by_ids(true(), ids))}
        return [found.get(message_id) for message_id in ids]

    async def videos_of_conversations(self, ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
        """Conversation → (YouTube id, whether it is a sample) of its video."""
        if not ids:
            return {}
        async with self._database.read() as reader:
            rows = await reader.all(queries.videos_of_conversations(ids))
        return {conversation_id: (youtube_id, is_sample) for conversation_id, youtube_id, is_sample in rows}

    async def message_pages(self, conversation_ids: Sequence[int], request: PageRequest) -> list[Page[MessageRow]]:
        """Of conversations that the caller was already shown, oldest first."""
        statement = queries.message_pages_by_conversation(conversation_ids, request)
        async with self._database.read() as reader:
            rows = await reader.rows(MessageRow, statement)
        return [cut(own, request) for own in group(conversation_ids, rows, lambda row: row.conversation_id)]

    async def message_counts(self, conversation_ids: Sequence[int]) -> list[int]:
        async with self._database.read() as reader:
            rows = await reader.all(queries.count_messages_by_conversation(conversation_ids))
        found = dict(rows)
        return [found.get(conversation_id, 0) for conversation_id in conversation_ids]

    async def send(self, owner: Owner, conversation_id: int, text: str) -> Sent:
        """Store the question and an empty reply, and have a worker write it.

        Checked in this order: the text, the conversation, the quota, the transcript. A refusal counts nothing.
        Raises InvalidInput, NotFound, QuotaExceeded, TranscriptNotReady or TranscriptMissing.
        """
        checks = Checks()
        text = checks.text(text, "text", maximum=limits.MESSAGE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            conversation = await self._owned(tx, owner, conversation_id)
            quota = await self._quotas.take(tx, owner)
            await _require_transcript(tx, conversation.video_id)
            message = await _add(tx, NewMessage(conversation_id, MessageRole.USER, text, MessageStatus.DONE))
            reply = await _add(
                tx, NewMessage(conversation_id, MessageRole.ASSISTANT, "", MessageStatus.PENDING, message.id)
            )
            await tx.execute(queries.touch_conversation(conversation_id))
            await replies.order(tx, reply.id, owner, quota.day)
            return Sent(message=message, reply=reply, quota=quota)

    async def _owned(self, tx: Transaction, owner: Owner, conversation_id: int) -> ConversationRow:
        conversation = await tx.row(ConversationRow, queries.conversations_by_ids(owned_by(owner), [conversation_id]))
        if conversation is None:
            raise NotFound("Conversation not found.")
        return conversation


def owned_by(owner: Owner) -> ColumnElement[bool]:
    return queries.owned_by(owner.user_id, owner.guest_hash)


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
