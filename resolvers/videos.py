"""Videos: found, listed and added."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import GUESTS_AND_USERS, USERS
from schema.types.costs import at_most
from schema.types.videos import Video, VideoAddInput, VideoAddResult, VideoAddSuccess, VideoRef

MOST_SAMPLES = 5
"""As many as may come with the server; see db/samples."""


@strawberry.type
class VideoQuery:
    @strawberry.field(
        description="A video by id or link; null when the server has not met it.", extensions=[GUESTS_AND_USERS]
    )
    async def video(
        self, info: Info, by: Annotated[VideoRef, strawberry.argument(description="Which video.")]
    ) -> Video | None:
        row = await info.context.services.videos.find(by.to_service())
        return None if row is None else Video.from_row(row)

    @strawberry.field(
        description="The lectures that came with the server, a short list: to try everything without a network.",
        extensions=[GUESTS_AND_USERS],
        metadata=at_most(MOST_SAMPLES),
    )
    async def sample_videos(self, info: Info) -> list[Video]:
        return [Video.from_row(row) for row in await info.context.services.videos.samples()]


@strawberry.type
class VideoMutation:
    @strawberry.mutation(
        description="Add a video to one's own, and have fetched what it lacks: watch `videoReadiness`.",
        extensions=[USERS],
        metadata=paced(lambda settings: settings.rate_limit_videos),
    )
    async def video_add(self, info: Info, input: VideoAddInput) -> VideoAddResult:
        user_id = info.context.viewer.signed_in_id
        row = await info.context.services.videos.add(user_id, input.video.to_service(), input.title)
        return VideoAddSuccess(video=Video.from_row(row))
