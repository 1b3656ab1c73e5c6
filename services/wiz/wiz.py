"""Conversations with Wiz, their messages and the quota, as they are read."""

from collections.abc import Sequence

from sqlalchemy import true

from db.paging import Page, PageRequest, cut, group, page_of
from db.queries import wiz as queries
from db.queries.wiz import ConversationRow, MessageRow
from db.sessions import Sessions
from services.identity.viewers import Owner
from services.wiz.ownership import owned_by
from services.wiz.quotas import Quota, Quotas


class WizService:
    def __init__(self, database: Sessions, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas

    async def quota(self, owner: Owner) -> Quota:
        async with self._database.read() as reader:
            return await self._quotas.look_up(reader, owner)

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

    async def conversations_shown(self, ids: Sequence[int]) -> list[ConversationRow | None]:
        """As `messages_shown`: of messages that the caller was already shown."""
        async with self._database.read() as reader:
            found = {
                row.id: row for row in await reader.rows(ConversationRow, queries.conversations_by_ids(true(), ids))
            }
        return [found.get(conversation_id) for conversation_id in ids]

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
