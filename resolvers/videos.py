"""Videos: found, listed, added and tried again; and transcripts that users bring."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import GUESTS_AND_USERS, USERS
from schema.types.costs import ONE_AN_OPERATION, at_most
from schema.types.nodes import required_row_id
from schema.types.transcripts import TranscriptSubmitInput, TranscriptSubmitResult, TranscriptSubmitSuccess
from schema.types.videos import (
    Video,
    VideoAddInput,
    VideoAddResult,
    VideoAddSuccess,
    VideoRef,
    VideoRetryInput,
    VideoRetryResult,
    VideoRetrySuccess,
)

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
        row = await info.context.services.videos.find(by.to_service(info))
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
        row = await info.context.services.videos.add(user_id, input.video.to_service(info), input.title)
        return VideoAddSuccess(video=Video.from_row(row))

    @strawberry.mutation(
        description="Have a part that failed fetched or made once more; also a transcript that a user brought, which stays "
        "when nothing comes of it. What is there or under way stays as it is. A summary without a transcript has that "
        "fetched first. Nothing is done about samples.",
        extensions=[USERS],
        metadata=paced(lambda settings: settings.rate_limit_videos),
    )
    async def video_retry(self, info: Info, input: VideoRetryInput) -> VideoRetryResult:
        video_id = required_row_id("Video", input.id)
        return VideoRetrySuccess(
            video=Video.from_row(await info.context.services.video_retries.retry(video_id, input.part))
        )

    @strawberry.mutation(
        description="Bring the transcript of a video that has none, and add the video to one's own. Who brought it may "
        "bring a better one. What is being fetched meanwhile is given up.",
        extensions=[USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda settings: settings.rate_limit_videos)},
    )
    async def transcript_submit(self, info: Info, input: TranscriptSubmitInput) -> TranscriptSubmitResult:
        user_id, ref = info.context.viewer.signed_in_id, input.video.to_service(info)
        row = await info.context.services.submissions.submit(user_id, ref, input.source.to_service())
        return TranscriptSubmitSuccess(video=Video.from_row(row))
