"""Conversations with Wiz: begun, read, renamed and deleted, and questions asked."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import GUESTS_AND_USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.nodes import global_id, required_row_id, row_id
from schema.types.wiz import (
    Conversation,
    ConversationCreateInput,
    ConversationCreateResult,
    ConversationCreateSuccess,
    ConversationDeleteInput,
    ConversationDeleteResult,
    ConversationDeleteSuccess,
    ConversationRenameInput,
    ConversationRenameResult,
    ConversationRenameSuccess,
    Message,
    MessageSendInput,
    MessageSendResult,
    MessageSendSuccess,
    ReplyRetryInput,
    ReplyRetryResult,
    ReplyRetrySuccess,
    ReplyStopInput,
    ReplyStopResult,
    ReplyStopSuccess,
    WizQuota,
)


@strawberry.type
class WizQuery:
    @strawberry.field(
        description="One of the caller's conversations; null for any other.", extensions=[GUESTS_AND_USERS]
    )
    async def conversation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The conversation's id.")]
    ) -> Conversation | None:
        wanted = [key] if (key := row_id("Conversation", id)) else []
        rows = await info.context.services.wiz.conversations_by_ids(info.context.viewer.owner, wanted)
        return next((Conversation.from_row(row) for row in rows if row is not None), None)


@strawberry.type
class WizMutation:
    @strawberry.mutation(
        description="Begin a conversation about a video, always a new one. What the video lacks is fetched.",
        extensions=[GUESTS_AND_USERS],
        metadata=paced(lambda settings: settings.rate_limit_videos),
    )
    async def conversation_create(self, info: Info, input: ConversationCreateInput) -> ConversationCreateResult:
        row = await info.context.services.conversations.create(
            info.context.viewer.owner, input.video.to_service(info), input.title
        )
        return ConversationCreateSuccess(conversation=Conversation.from_row(row))

    @strawberry.mutation(description="Call a conversation something else.", extensions=[GUESTS_AND_USERS])
    async def conversation_rename(self, info: Info, input: ConversationRenameInput) -> ConversationRenameResult:
        row = await info.context.services.conversations.rename(
            info.context.viewer.owner, required_row_id("Conversation", input.id), input.title
        )
        return ConversationRenameSuccess(conversation=Conversation.from_row(row))

    @strawberry.mutation(
        description="Delete a conversation with all its messages. An answer that is being written stops.",
        extensions=[GUESTS_AND_USERS],
    )
    async def conversation_delete(self, info: Info, input: ConversationDeleteInput) -> ConversationDeleteResult:
        conversation_id = required_row_id("Conversation", input.id)
        await info.context.services.conversations.delete(info.context.viewer.owner, conversation_id)
        return ConversationDeleteSuccess(deleted_id=global_id("Conversation", conversation_id))

    @strawberry.mutation(
        description="Ask Wiz. Counts against the daily quota; the answer is written whether or not anybody follows it.",
        extensions=[GUESTS_AND_USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda settings: settings.rate_limit_conversations)},
    )
    async def message_send(self, info: Info, input: MessageSendInput) -> MessageSendResult:
        sent = await info.context.services.asking.send(
            info.context.viewer.owner, required_row_id("Conversation", input.conversation_id), input.text
        )
        return MessageSendSuccess(
            message=Message.from_row(sent.message),
            reply=Message.from_row(sent.reply),
            quota=WizQuota.from_quota(sent.quota),
        )

    @strawberry.mutation(
        description="Have another answer to the same question written. Counts against the daily quota, unless one is to come.",
        extensions=[GUESTS_AND_USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda settings: settings.rate_limit_conversations)},
    )
    async def reply_retry(self, info: Info, input: ReplyRetryInput) -> ReplyRetryResult:
        again = await info.context.services.asking.retry(
            info.context.viewer.owner, required_row_id("Message", input.message_id)
        )
        return ReplyRetrySuccess(reply=Message.from_row(again.reply), quota=WizQuota.from_quota(again.quota))

    @strawberry.mutation(
        description="Stop an answer that is being written, and keep the text so far.", extensions=[GUESTS_AND_USERS]
    )
    async def reply_stop(self, info: Info, input: ReplyStopInput) -> ReplyStopResult:
        message_id = required_row_id("Message", input.message_id)
        row = await info.context.services.replies.stop(info.context.viewer.owner, message_id)
        return ReplyStopSuccess(message=Message.from_row(row))
