"""Videos as clients see them, and how they are named, listed and added."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry
from strawberry.types.unset import UNSET

from db.queries.videos import SegmentRow, VideoRow
from schema.context import Context, Info
from schema.types.batch import batch_field
from schema.types.enums import OrderDirection, describe
from schema.types.errors import InvalidInput, NotFound
from schema.types.nodes import Node, global_id, row_id
from schema.types.notes import Note
from schema.types.paging import DEFAULT_SIZE, After, Connection, First, page_request
from schema.types.processing import VideoProcessing
from schema.types.scalars import JSON
from schema.types.wiz import Conversation
from services.llm.writing.drafts import QUESTIONS
from services.videos import videos as service
from services.videos.processing import Part
from services.videos.results import TranscriptSource
from services.videos.segment_pages import SegmentRequest, words_of
from services.youtube.ids import embed_url, thumbnail_url, watch_url

SEGMENTS_DEFAULT = 100
SEGMENTS_LARGEST = 500


@strawberry.type(description="One cue of a transcript.")
class TranscriptSegment:
    start_seconds: float = strawberry.field(description="Where it begins, in seconds from the start of the video.")
    duration_seconds: float = strawberry.field(description="How long it is shown, in seconds.")
    text: str = strawberry.field(description="What is said.")

    @classmethod
    def from_row(cls, row: SegmentRow) -> Self:
        return cls(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text)


@strawberry.type(
    description="A video that can be noted on and asked about. It is shared: what is one's own hangs on it."
)
class Video(Node):
    row: strawberry.Private[VideoRow]
    youtube_id: str = strawberry.field(
        description="The 11-character id; of a sample, one that YouTube cannot give out."
    )
    title: str | None = strawberry.field(description="What a user called it first, else the title in its metadata.")
    summary: str | None = strawberry.field(
        description="What the video says, in 200 to 800 characters; null until made."
    )
    is_ready: bool = strawberry.field(description="Whether metadata, transcript and summary are all there.")
    is_sample: bool = strawberry.field(
        description="Whether it is a lecture that came with the server; no such video exists."
    )
    created_at: datetime = strawberry.field(description="The timestamp at which the server first met it.")

    @classmethod
    def from_row(cls, row: VideoRow) -> Self:
        return cls(
            row=row,
            id=global_id("Video", row.id),
            youtube_id=row.youtube_id,
            title=row.display_title,
            summary=row.summary,
            is_ready=row.is_ready,
            is_sample=row.is_sample,
            created_at=row.created_at,
        )

    @strawberry.field(description="The link to watch it on YouTube; null for samples.")
    def url(self) -> str | None:
        return None if self.is_sample else watch_url(self.youtube_id)

    @strawberry.field(description="The address for an embedded player; null for samples.")
    def embed_url(self) -> str | None:
        return None if self.is_sample else embed_url(self.youtube_id)

    @strawberry.field(description="The address of a still picture; null for samples.")
    def thumbnail_url(self) -> str | None:
        return None if self.is_sample else thumbnail_url(self.youtube_id)

    @strawberry.field(description="Who published it; null until the metadata is there.")
    def channel(self) -> str | None:
        return _text(self.row, "uploader")

    @strawberry.field(description="Its length in seconds; null until the metadata is there.")
    def duration_seconds(self) -> float | None:
        return _number(self.row, "duration")

    @strawberry.field(description="Views when the metadata was fetched: a whole number that may pass 32 bits.")
    def view_count(self) -> float | None:
        return _number(self.row, "view_count")

    @strawberry.field(description="Likes when the metadata was fetched: a whole number that may pass 32 bits.")
    def like_count(self) -> float | None:
        return _number(self.row, "like_count")

    @strawberry.field(description="The timestamp of the day it was uploaded (midnight UTC); null when unknown.")
    def uploaded_at(self) -> datetime | None:
        day = _text(self.row, "upload_date") or ""
        try:
            return datetime.strptime(f"{day}+0000", "%Y%m%d%z")
        except ValueError:
            return None

    @strawberry.field(description="The metadata as it was fetched; null until then.")
    def metadata(self) -> JSON | None:
        return None if self.row.details is None else JSON(self.row.details)

    @strawberry.field(description="Three questions the video answers; null when none were made.")
    def suggested_questions(self) -> list[str] | None:
        questions = [question.strip() for question in self.row.suggested_questions or []]
        different = {question.casefold() for question in questions if question}
        return questions if len(questions) == len(different) == QUESTIONS else None

    @strawberry.field(description="Where the transcript comes from; null without one.")
    def transcript_source(self) -> TranscriptSource | None:
        source = self.row.transcript_source
        return TranscriptSource(source) if source and self.row.transcript_available else None

    @batch_field(description="How far metadata, transcript and summary have come.")
    @staticmethod
    async def processing(videos: Sequence["Video"], info: Info) -> list[VideoProcessing]:
        parts = await info.context.services.videos.parts([video.row.id for video in videos])
        return [VideoProcessing.from_rows(video.row, own) for video, own in zip(videos, parts, strict=True)]

    @batch_field(
        description="What is said, in order: pages of up to 500 cues. Empty until the transcript is there. `totalCount` "
        "counts what `query` leaves."
    )
    @staticmethod
    async def transcript(
        videos: Sequence["Video"],
        info: Info,
        *,
        first: Annotated[int, strawberry.argument(description="How many at most: 1 to 500.")] = SEGMENTS_DEFAULT,
        after: After = None,
        query: Annotated[
            str | None,
            strawberry.argument(
                description="Only cues with all of these words, or words that begin so, in any order; case and accents do "
                "not count. Without a word in it, it is no filter. At most 200 characters."
            ),
        ] = None,
        around_seconds: Annotated[
            float | None,
            strawberry.argument(
                description="Begin with a page that has the cue at this second in its middle. Does not count with `after`."
            ),
        ] = None,
    ) -> list[Connection[TranscriptSegment]]:
        page = page_request(first, after, (int,), largest=SEGMENTS_LARGEST)
        request = SegmentRequest(page, words_of(query), around_seconds)
        service_of = info.context.services.segment_pages
        pages = await service_of.pages([video.row.id for video in videos], request)
        load = info.context.batches.load
        return [
            Connection[TranscriptSegment].of(
                page,
                node=TranscriptSegment.from_row,
                place=lambda row: (row.position,),
                count=partial(
                    load, ("transcript", request.words), partial(service_of.counts, words=request.words), video.row.id
                ),
            )
            for video, page in zip(videos, pages, strict=True)
        ]

    @batch_field(description="The caller's own notes on it, oldest first; none for guests and long-term tokens.")
    @staticmethod
    async def notes(
        videos: Sequence["Video"], info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> list[Connection[Note]]:
        return await Note.on_videos(info.context, [video.row.id for video in videos], page_request(first, after))

    @batch_field(description="The caller's own conversations about it, newest first.")
    @staticmethod
    async def conversations(
        videos: Sequence["Video"], info: Info, first: First = DEFAULT_SIZE, after: After = None
    ) -> list[Connection[Conversation]]:
        request = page_request(first, after)
        return await Conversation.about_videos(info.context, [video.row.id for video in videos], request)


def _text(row: VideoRow, key: str) -> str | None:
    value = (row.details or {}).get(key)
    return value if isinstance(value, str) else None


def _number(row: VideoRow, key: str) -> float | None:
    value = (row.details or {}).get(key)
    return float(value) if isinstance(value, int | float) else None


@strawberry.input(one_of=True, description="Names a video: by exactly one of its id and its YouTube id or link.")
class VideoRef:
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="The id that this API gave the video.")
    youtube: str | None = strawberry.field(
        default=UNSET,
        description="The 11-character YouTube id, or a watch, shorts, live, embed or youtu.be link. No playlist; where the "
        "server is set to accept it, a link to a video in a playlist is one to that video.",
    )

    def to_service(self, info: Info) -> service.VideoRef:
        # What is not given is UNSET, which is no text.
        if isinstance(self.youtube, str):
            accept = info.context.services.settings.accept_playlist_links
            return service.VideoRef(youtube=self.youtube, accept_playlist_links=accept)
        return service.VideoRef(id=row_id("Video", self.id) if isinstance(self.id, str) else None)


describe(
    service.VideoRelation,
    name="VideoRelation",
    description="What ties a video to a user.",
    values={
        "NOTED": "The user has a note on it.",
        "CHATTED": "The user has a conversation about it.",
        "ADDED": "The user added it by `videoAdd`.",
    },
)
describe(
    service.VideoOrderField,
    name="VideoOrderField",
    description="What videos can be ordered by.",
    values={"CREATED_AT": "When the server first met the video.", "TITLE": "The title, ignoring case."},
)


@strawberry.input(description="Which videos.")
class VideoFilter:
    relation: service.VideoRelation = strawberry.field(
        default=service.VideoRelation.NOTED, description="What ties them to the user."
    )
    query: str | None = strawberry.field(
        default=None,
        description="Part of the title, ignoring case; shorter than 2 characters is no filter. At most 200 characters.",
    )


@strawberry.input(description="The order of videos; equal ones are ordered by age.")
class VideoOrder:
    field: service.VideoOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(description="Which end comes first.")


def listing_of(filter: VideoFilter | None, order_by: VideoOrder | None) -> service.VideoListing:
    wanted = filter or VideoFilter()
    order = order_by or VideoOrder(field=service.VideoOrderField.CREATED_AT, direction=OrderDirection.DESC)
    return service.VideoListing(
        relation=wanted.relation,
        query=wanted.query,
        field=order.field,
        descending=order.direction is OrderDirection.DESC,
    )


async def videos_of_user(
    context: Context, user_id: int, listing: service.VideoListing, first: int, after: str | None
) -> Connection[Video]:
    kinds = (str, int) if listing.field is service.VideoOrderField.TITLE else (datetime, int)
    videos = context.services.videos
    return Connection[Video].of(
        await videos.page_of_user(user_id, listing, page_request(first, after, kinds)),
        node=lambda listed: Video.from_row(listed.video),
        place=lambda listed: listed.place,
        count=partial(videos.count_of_user, user_id, listing),
    )


@strawberry.input(description="A video to add.")
class VideoAddInput:
    video: VideoRef = strawberry.field(description="The video; made when it is named by a link and new.")
    title: str | None = strawberry.field(
        default=None, description="What to call it, up to 300 characters. The first title ever given stays."
    )


@strawberry.type(description="The video is there; what it lacks is being fetched.")
class VideoAddSuccess:
    video: Video = strawberry.field(description="The video.")


VideoAddResult = Annotated[
    VideoAddSuccess | InvalidInput | NotFound,
    strawberry.union("VideoAddResult", description="What became of `videoAdd`."),
]


@strawberry.input(description="A part of a video to try again.")
class VideoRetryInput:
    id: strawberry.ID = strawberry.field(description="The video.")
    part: Part = strawberry.field(description="Which part of it.")


@strawberry.type(description="The part is there, or is being fetched or made: watch `videoReadiness`.")
class VideoRetrySuccess:
    video: Video = strawberry.field(description="The video.")


VideoRetryResult = Annotated[
    VideoRetrySuccess | NotFound,
    strawberry.union("VideoRetryResult", description="What became of `videoRetry`."),
]
