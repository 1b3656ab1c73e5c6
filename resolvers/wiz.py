"""Conversations with Wiz: begun, read, and questions asked."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import GUESTS_AND_USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.nodes import required_row_id, row_id
from schema.types.wiz import (
    Conversation,
    ConversationCreateInput,
    ConversationCreateResult,
    ConversationCreateSuccess,
    Message,
    MessageSendInput,
    MessageSendResult,
    MessageSendSuccess,
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
    )
    async def conversation_create(self, info: Info, input: ConversationCreateInput) -> ConversationCreateResult:
        row = await info.context.services.wiz.create_conversation(
            info.context.viewer.owner, input.video.to_service(), input.title
        )
        return ConversationCreateSuccess(conversation=Conversation.from_row(row))

    @strawberry.mutation(
        description="Ask Wiz. Counts against the daily quota; the answer is written whether or not anybody follows it.",
        extensions=[GUESTS_AND_USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda settings: settings.rate_limit_conversations)},
    )
    async def message_send(self, info: Info, input: MessageSendInput) -> MessageSendResult:
        sent = await info.context.services.wiz.send(
            info.context.viewer.owner, required_row_id("Conversation", input.conversation_id), input.text
        )
        return MessageSendSuccess(
            message=Message.from_row(sent.message),
            reply=Message.from_row(sent.reply),
            quota=WizQuota.from_quota(sent.quota),
        )

    @strawberry.mutation(
        description="Stop an answer that is being written, and keep the text so far.", extensions=[GUESTS_AND_USERS]
    )
    async def reply_stop(self, info: Info, input: ReplyStopInput) -> ReplyStopResult:
        message_id = required_row_id("Message", input.message_id)
        row = await info.context.services.replies.stop(info.context.viewer.owner, message_id)
        return ReplyStopSuccess(message=Message.from_row(row))
