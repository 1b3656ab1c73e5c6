"""videoReadiness: a video until it is ready."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import GUESTS_AND_USERS
from schema.types.nodes import required_row_id
from schema.types.streams import (
    VideoReadinessEvent,
    VideoReadinessTimeout,
    VideoReady,
    VideoSnapshot,
    VideoUpdate,
)
from schema.types.videos import Video
from services.videos.readiness import Readiness, Step
from subscriptions.watching import watched


@strawberry.type
class VideoSubscription:
    @strawberry.subscription(
        description="A video as it becomes ready: a snapshot, updates, and at last VideoReady or a timeout.",
        extensions=[GUESTS_AND_USERS],
    )
    async def video_readiness(
        self,
        info: Info,
        video_id: Annotated[strawberry.ID, strawberry.argument(description="The video.")],
        after: Annotated[
            str | None, strawberry.argument(description="The position of the last event the client has.")
        ] = None,
        timeout_seconds: Annotated[int, strawberry.argument(description="How long to wait: 1 to 300 seconds.")] = 60,
    ) -> AsyncGenerator[VideoReadinessEvent, None]:
        readiness = info.context.services.readiness
        steps = await readiness.follow(required_row_id("Video", video_id), after, timeout_seconds)
        return watched(info.context, steps, _event)


def _event(readiness: Readiness) -> VideoSnapshot | VideoUpdate | VideoReady | VideoReadinessTimeout:
    position, video = str(readiness.position), Video.from_row(readiness.video)
    match readiness.step:
        case Step.SNAPSHOT:
            return VideoSnapshot(position=position, video=video)
        case Step.UPDATE:
            return VideoUpdate(position=position, video=video)
        case Step.READY:
            return VideoReady(position=position, video=video)
        case Step.TIMEOUT:
            return VideoReadinessTimeout(position=position)
