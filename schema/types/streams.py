"""The events of the subscriptions."""

from typing import Annotated

import strawberry

from schema.types.enums import describe
from schema.types.videos import Video
from schema.types.wiz import Message
from services.wiz.replies import ReplyFailure

describe(
    ReplyFailure,
    name="ReplyFailureCode",
    description="Why an answer broke off.",
    values={
        "MODEL_UNAVAILABLE": "The model could not be reached, or broke off.",
        "MODEL_BUSY": "The model has answered too much lately, by the count of its provider.",
        "MODEL_REFUSED": "The model would not answer this.",
        "KEY_REFUSED": "The provider refused the user's own key, or has no credit left for it.",
        "EMPTY_REPLY": "The model said nothing.",
        "TIMEOUT": "The answer took too long.",
        "WORKER_LOST": "The work on it was interrupted too often.",
        "CONVERSATION_DELETED": "The conversation was deleted, and the answer with it.",
        "INTERNAL": "Something went wrong on our side.",
    },
)

POSITION = "The place of the event in its stream, to be given to `after`."


@strawberry.interface(description="An event of a stream.")
class StreamEvent:
    position: str = strawberry.field(description=POSITION)


@strawberry.type(description="The video as it stands; it replaces what the client holds.")
class VideoSnapshot(StreamEvent):
    video: Video = strawberry.field(description="The video.")


@strawberry.type(description="A part of the video came further.")
class VideoUpdate(StreamEvent):
    video: Video = strawberry.field(description="The video.")


@strawberry.type(description="The video is ready. The stream ends.")
class VideoReady(StreamEvent):
    video: Video = strawberry.field(description="The video.")


@strawberry.type(description="The video was not ready in time. The stream ends; it may be followed again.")
class VideoReadinessTimeout(StreamEvent):
    pass


VideoReadinessEvent = Annotated[
    VideoSnapshot | VideoUpdate | VideoReady | VideoReadinessTimeout,
    strawberry.union("VideoReadinessEvent", description="An event of `videoReadiness`."),
]


@strawberry.type(description="The whole answer so far; it replaces what the client holds.")
class ReplySnapshot(StreamEvent):
    text: str = strawberry.field(description="The text so far.")


@strawberry.type(description="More of the answer.")
class ReplyDelta(StreamEvent):
    text: str = strawberry.field(description="The text to append.")


@strawberry.type(description="The answer is whole. The stream ends.")
class ReplyDone(StreamEvent):
    message: Message = strawberry.field(description="The answer, with its citations.")


@strawberry.type(description="The owner stopped the answer. The stream ends.")
class ReplyStopped(StreamEvent):
    message: Message = strawberry.field(description="The answer with the text so far.")


@strawberry.type(
    description="The answer broke off, and the quota was given back, unless its conversation was deleted. The stream ends."
)
class ReplyFailed(StreamEvent):
    code: ReplyFailure = strawberry.field(description="Why, for programs.")
    message: str = strawberry.field(description="Why, as a sentence for people.")


ReplyEvent = Annotated[
    ReplySnapshot | ReplyDelta | ReplyDone | ReplyStopped | ReplyFailed,
    strawberry.union("ReplyEvent", description="An event of `wizReply`."),
]
