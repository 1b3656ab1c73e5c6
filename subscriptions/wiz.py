"""wizReply: an answer as it is written."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import GUESTS_AND_USERS
from schema.types.nodes import required_row_id
from schema.types.streams import ReplyDelta, ReplyDone, ReplyEvent, ReplyFailed, ReplySnapshot, ReplyStopped
from schema.types.wiz import Message
from services.wiz import replies
from services.wiz.messages import MessageStatus
from services.wiz.replies import ReplyFailure
from subscriptions.watching import watched


@strawberry.type
class WizSubscription:
    @strawberry.subscription(
        description="An answer as it is written: a snapshot of the text so far, deltas, and at last how it ended. "
        "With `after`, all that came since. Where that position is not known any more, or another worker had to "
        "begin the answer anew, a fresh snapshot replaces what the client holds.",
        extensions=[GUESTS_AND_USERS],
    )
    async def wiz_reply(
        self,
        info: Info,
        message_id: Annotated[strawberry.ID, strawberry.argument(description="The answer, from `messageSend`.")],
        after: Annotated[
            str | None, strawberry.argument(description="The position of the last event the client has.")
        ] = None,
    ) -> AsyncGenerator[ReplyEvent, None]:
        message = required_row_id("Message", message_id)
        events = await info.context.services.replies.follow(info.context.viewer.owner, message, after)
        return watched(info.context, events, _event)


def _event(event: replies.ReplyEvent) -> ReplySnapshot | ReplyDelta | ReplyDone | ReplyStopped | ReplyFailed:
    position = str(event.position)
    match event:
        case replies.Snapshot(text=text):
            return ReplySnapshot(position=position, text=text)
        case replies.Delta(text=text):
            return ReplyDelta(position=position, text=text)
        case replies.Deleted():
            deleted = ReplyFailure.CONVERSATION_DELETED
            return ReplyFailed(position=position, code=deleted, message=deleted.sentence)
        case replies.Ended(message=row) if row.status == MessageStatus.FAILED:
            failure = ReplyFailure(row.error_code or ReplyFailure.INTERNAL)
            return ReplyFailed(position=position, code=failure, message=failure.sentence)
        case replies.Ended(message=row) if row.status == MessageStatus.STOPPED:
            return ReplyStopped(position=position, message=Message.from_row(row))
        case replies.Ended(message=row):
            return ReplyDone(position=position, message=Message.from_row(row))
