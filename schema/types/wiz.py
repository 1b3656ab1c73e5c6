"""Conversations with Wiz as their owner sees them: messages, citations, and the daily quota."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from db.paging import PageRequest
from db.queries.wiz import ConversationRow, MessageRow
from schema.context import Context, Info
from schema.types.batch import batch_field
from schema.types.costs import at_most
from schema.types.enums import describe
from schema.types.errors import (
    InvalidInput,
    ModelUnavailable,
    NotFound,
    QuotaExceeded,
    TranscriptMissing,
    UserError,
)
from schema.types.nodes import Node, global_id
from schema.types.paging import DEFAULT_SIZE, After, Connection, First, page_request
from services.identity.viewers import Owner, ViewerKind
from services.limits import CITATIONS_SHOWN
from services.wiz.messages import MessageRole, MessageStatus
from services.wiz.quotas import Quota
from services.youtube.ids import watch_url

if TYPE_CHECKING:
    from schema.types.videos import Video, VideoRef

describe(
    MessageRole,
    name="MessageRole",
    description="Who says a message.",
    values={"USER": "The owner of the conversation.", "ASSISTANT": "Wiz."},
)
describe(
    MessageStatus,
    name="MessageStatus",
    description="How far a message has come. What a user says is DONE at once.",
    values={
        "PENDING": "Wiz has not begun.",
        "STREAMING": "Wiz is answering; follow it by `wizReply`.",
        "DONE": "The text is whole.",
        "STOPPED": "The owner stopped the answer; the text so far is kept.",
        "FAILED": "The answer broke off; the text so far is kept, and the quota was given back.",
    },
)


@strawberry.type(description="A moment of the video that an answer rests on.")
class Citation:
    start_seconds: float = strawberry.field(description="The moment in seconds from the start of the video.")
    label: str = strawberry.field(description="The moment as it is written in the answer, such as 1:02:03.")
    quote: str = strawberry.field(description="What the transcript says there.")
    url: str | None = strawberry.field(description="The link to the moment on YouTube; null for samples.")


@strawberry.type(description="One message of a conversation.")
class Message(Node):
    row: strawberry.Private[MessageRow]
    role: MessageRole = strawberry.field(description="Who says it.")
    content: str = strawberry.field(description="The text, in Markdown; of an answer empty until it has ended.")
    status: MessageStatus = strawberry.field(description="How far it has come.")
    model: str | None = strawberry.field(description="The model that answered; null for a user's message.")
    created_at: datetime = strawberry.field(description="The timestamp at which it was sent.")

    @classmethod
    def from_row(cls, row: MessageRow) -> Self:
        return cls(
            row=row,
            id=global_id("Message", row.id),
            role=MessageRole(row.role),
            content=row.content,
            status=MessageStatus(row.status),
            model=row.model,
            created_at=row.created_at,
        )

    @batch_field(
        description=f"The moments of the video that the answer cites, the first {CITATIONS_SHOWN} in the order of its text.",
        metadata=at_most(CITATIONS_SHOWN),
    )
    @staticmethod
    async def citations(messages: Sequence["Message"], info: Info) -> list[list[Citation]]:
        videos = await info.context.services.wiz.videos_of_conversations(
            [message.row.conversation_id for message in messages if message.row.citations]
        )
        return [
            [_citation(cited, videos[message.row.conversation_id]) for cited in message.row.citations]
            for message in messages
        ]

    @strawberry.field(description="The conversation it belongs to.")
    async def conversation(self, info: Info) -> Annotated["Conversation", strawberry.lazy("schema.types.wiz")]:
        return await info.context.loaders.conversation_by_id.load(self.row.conversation_id)

    @strawberry.field(description="The message it answers; null for a user's.")
    async def reply_to(self, info: Info) -> Annotated["Message", strawberry.lazy("schema.types.wiz")] | None:
        if self.row.reply_to_id is None:
            return None
        return await info.context.loaders.message_by_id.load(self.row.reply_to_id)


def _citation(cited: dict[str, object], video: tuple[str, bool]) -> Citation:
    youtube_id, is_sample = video
    start_seconds = float(str(cited["startSeconds"]))
    return Citation(
        start_seconds=start_seconds,
        label=str(cited["label"]),
        quote=str(cited["quote"]),
        url=None if is_sample else watch_url(youtube_id, start_seconds),
    )


@strawberry.type(description="A conversation with Wiz about one video. Nobody but its owner sees it.")
class Conversation(Node):
    row: strawberry.Private[ConversationRow]
    title: str | None = strawberry.field(description="What its owner calls it.")
    created_at: datetime = strawberry.field(description="The timestamp at which it was begun.")
    updated_at: datetime = strawberry.field(description="The timestamp of its last message or change.")

    @classmethod
    def from_row(cls, row: ConversationRow) -> Self:
        return cls(
            row=row,
            id=global_id("Conversation", row.id),
            title=row.title,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="The video it is about.")
    async def video(self, info: Info) -> Annotated["Video", strawberry.lazy("schema.types.videos")]:
        return await info.context.loaders.video_by_id.load(self.row.video_id)

    @batch_field(description="Its messages, oldest first.")
    @staticmethod
    async def messages(
        conversations: Sequence["Conversation"], info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> list[Connection[Message]]:
        ids = [conversation.row.id for conversation in conversations]
        wiz, load = info.context.services.wiz, info.context.batches.load
        pages = await wiz.message_pages(ids, page_request(first, after))
        return [
            Connection[Message].of(
                page,
                node=Message.from_row,
                place=lambda row: (row.created_at, row.id),
                count=partial(load, "messages", wiz.message_counts, conversation_id),
            )
            for conversation_id, page in zip(ids, pages, strict=True)
        ]

    @classmethod
    async def about_videos(
        cls, context: Context, video_ids: Sequence[int], request: PageRequest
    ) -> list[Connection["Conversation"]]:
        """The caller's conversations about each of the videos; only guests and users have any."""
        viewer, wiz = context.viewer, context.services.wiz
        owner = viewer.owner if viewer.kind in {ViewerKind.GUEST, ViewerKind.USER} else None
        pages = await wiz.pages_by_video(owner, video_ids, request)
        count = partial(wiz.counts_by_video, owner)
        return [
            Connection[Conversation].of(
                page,
                node=Conversation.from_row,
                place=place,
                count=partial(context.batches.load, "conversations_about_video", count, video_id),
            )
            for video_id, page in zip(video_ids, pages, strict=True)
        ]


async def conversations_of_owner(context: Context, owner: Owner, request: PageRequest) -> Connection[Conversation]:
    wiz = context.services.wiz
    return Connection[Conversation].of(
        await wiz.page_of_owner(owner, request),
        node=Conversation.from_row,
        place=place,
        count=partial(wiz.count_of_owner, owner),
    )


def place(row: ConversationRow) -> tuple[object, ...]:
    return (row.created_at, row.id)


@strawberry.type(description="Messages to Wiz that the caller may still send today. The day ends at 00:00 UTC.")
class WizQuota:
    limit: int = strawberry.field(description="Messages allowed a day.")
    used: int = strawberry.field(description="Messages sent today.")
    remaining: int = strawberry.field(description="Messages left today.")
    resets_at: datetime = strawberry.field(description="The timestamp at which counting starts again.")

    @classmethod
    def from_quota(cls, quota: Quota) -> Self:
        return cls(limit=quota.limit, used=quota.used, remaining=quota.remaining, resets_at=quota.resets_at)


@strawberry.input(description="A conversation to begin.")
class ConversationCreateInput:
    video: Annotated["VideoRef", strawberry.lazy("schema.types.videos")] = strawberry.field(
        description="The video to talk about; made when it is named by a link and new."
    )
    title: str | None = strawberry.field(default=None, description="What to call it, up to 300 characters.")


@strawberry.type(description="The conversation was begun.")
class ConversationCreateSuccess:
    conversation: Conversation = strawberry.field(description="The conversation, still empty.")


ConversationCreateResult = Annotated[
    ConversationCreateSuccess | InvalidInput | NotFound,
    strawberry.union("ConversationCreateResult", description="What became of `conversationCreate`."),
]


@strawberry.input(description="A conversation to rename.")
class ConversationRenameInput:
    id: strawberry.ID = strawberry.field(description="The conversation.")
    title: str = strawberry.field(description="What to call it, up to 300 characters; trimmed.")


@strawberry.type(description="The conversation has its new name.")
class ConversationRenameSuccess:
    conversation: Conversation = strawberry.field(description="The conversation.")


ConversationRenameResult = Annotated[
    ConversationRenameSuccess | InvalidInput | NotFound,
    strawberry.union("ConversationRenameResult", description="What became of `conversationRename`."),
]


@strawberry.input(description="A conversation to delete.")
class ConversationDeleteInput:
    id: strawberry.ID = strawberry.field(description="The conversation.")


@strawberry.type(description="The conversation is gone, with all its messages.")
class ConversationDeleteSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The id that the conversation had.")


ConversationDeleteResult = Annotated[
    ConversationDeleteSuccess | NotFound,
    strawberry.union("ConversationDeleteResult", description="What became of `conversationDelete`."),
]


@strawberry.type(
    description="The transcript is still being fetched. Nothing was stored or counted: ask again when it is there."
)
class TranscriptNotReady(UserError):
    video: Annotated["Video", strawberry.lazy("schema.types.videos")] = strawberry.field(
        description="The video; `videoReadiness` tells when it is ready."
    )


@strawberry.input(description="A question to Wiz.")
class MessageSendInput:
    conversation_id: strawberry.ID = strawberry.field(description="The conversation.")
    text: str = strawberry.field(description="The question, up to 4,000 characters; trimmed.")


@strawberry.type(description="The question is stored, and Wiz is at work on the answer.")
class MessageSendSuccess:
    message: Message = strawberry.field(description="The question.")
    reply: Message = strawberry.field(description="The answer to come; follow it by `wizReply`.")
    quota: WizQuota = strawberry.field(description="What is left of the daily quota.")


MessageSendResult = Annotated[
    MessageSendSuccess
    | TranscriptNotReady
    | TranscriptMissing
    | QuotaExceeded
    | ModelUnavailable
    | NotFound
    | InvalidInput,
    strawberry.union("MessageSendResult", description="What became of `messageSend`."),
]


@strawberry.input(description="An answer to have written anew.")
class ReplyRetryInput:
    message_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.type(description="Wiz is at work on another answer to the same question; the old one stays.")
class ReplyRetrySuccess:
    reply: Message = strawberry.field(
        description="The answer to come, which may have been asked for before; follow it by `wizReply`."
    )
    quota: WizQuota = strawberry.field(description="What is left of the daily quota.")


ReplyRetryResult = Annotated[
    ReplyRetrySuccess | TranscriptNotReady | TranscriptMissing | QuotaExceeded | ModelUnavailable | NotFound,
    strawberry.union("ReplyRetryResult", description="What became of `replyRetry`."),
]


@strawberry.input(description="An answer to stop.")
class ReplyStopInput:
    message_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.type(description="The answer was asked to stop, or had ended already.")
class ReplyStopSuccess:
    message: Message = strawberry.field(
        description="The answer. It may still be STREAMING for a moment: `wizReply` tells when it has stopped."
    )


ReplyStopResult = Annotated[
    ReplyStopSuccess | NotFound, strawberry.union("ReplyStopResult", description="What became of `replyStop`.")
]
