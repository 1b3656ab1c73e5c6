"""Notes as their author sees them, and how they are taken."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.types.unset import UNSET

from db.paging import PageRequest
from db.queries.notes import NoteRow
from schema.context import Context, Info
from schema.types.enums import describe
from schema.types.errors import InvalidInput, NotFound, TranscriptMissing, VideoSearchUnavailable
from schema.types.nodes import Node, global_id
from schema.types.paging import Connection
from schema.types.wiz import TranscriptNotReady
from services.notes.ai_status import NoteAiStatus
from services.notes.notes import NotePatch
from services.videos.timestamps import parse_timestamp
from services.youtube.ids import watch_url

if TYPE_CHECKING:
    from schema.types.videos import Video, VideoRef

describe(
    NoteAiStatus,
    name="NoteAiStatus",
    description="Whether the text of a note is written by the assistant.",
    values={
        "NONE": "Nobody asked it to, or the user has changed the text since.",
        "PENDING": "It is about to.",
        "READY": "It did.",
        "FAILED": "It could not.",
    },
)


@strawberry.type(description="A user's note at a moment of a video. Nobody else sees it.")
class Note(Node):
    row: strawberry.Private[NoteRow]
    timestamp: str = strawberry.field(description="The moment, as it was written, such as 12:05.")
    start_seconds: float | None = strawberry.field(
        description="The moment in seconds from the start; null when the timestamp cannot be read as a time."
    )
    text: str | None = strawberry.field(description="What the note says; null when it marks the moment only.")
    ai_status: NoteAiStatus = strawberry.field(description="Whether the assistant writes the text.")
    generated_by_ai: bool = strawberry.field(description="Whether the assistant wrote the text.")
    created_at: datetime = strawberry.field(description="The timestamp at which it was taken.")
    updated_at: datetime = strawberry.field(description="The timestamp of its last change.")

    @classmethod
    def from_row(cls, row: NoteRow) -> Self:
        return cls(
            row=row,
            id=global_id("Note", row.id),
            timestamp=row.timestamp,
            start_seconds=parse_timestamp(row.timestamp),
            text=row.text,
            ai_status=NoteAiStatus(row.ai_status),
            generated_by_ai=row.generated_by_ai,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="The video it is about.")
    async def video(self, info: Info) -> Annotated["Video", strawberry.lazy("schema.types.videos")]:
        return await info.context.loaders.video_by_id.load(self.row.video_id)

    @strawberry.field(
        description="The link to the moment on YouTube; null for samples and timestamps that are no time."
    )
    async def jump_url(self, info: Info) -> str | None:
        if self.start_seconds is None:
            return None
        video = await info.context.loaders.video_by_id.load(self.row.video_id)
        return None if video.is_sample else watch_url(video.youtube_id, self.start_seconds)

    @classmethod
    async def on_videos(
        cls, context: Context, video_ids: Sequence[int], request: PageRequest
    ) -> list[Connection["Note"]]:
        """The caller's notes on each of the videos; a long-term token reads none, not even those it took."""
        user_id = context.viewer.user_id
        notes = context.services.notes
        pages = await notes.pages_by_video(user_id, video_ids, request)
        count = partial(notes.counts_by_video, user_id)
        return [
            Connection[Note].of(
                page,
                node=Note.from_row,
                place=place,
                count=partial(context.batches.load, "notes_on_video", count, video_id),
            )
            for video_id, page in zip(video_ids, pages, strict=True)
        ]


async def notes_of_user(context: Context, user_id: int, request: PageRequest) -> Connection[Note]:
    notes = context.services.notes
    return Connection[Note].of(
        await notes.page_of_user(user_id, request),
        node=Note.from_row,
        place=place,
        count=partial(notes.count_of_user, user_id),
    )


def place(row: NoteRow) -> tuple[object, ...]:
    return (row.created_at, row.id)


@strawberry.input(description="A note to take.")
class NoteCreateInput:
    video: Annotated["VideoRef", strawberry.lazy("schema.types.videos")] = strawberry.field(
        description="The video; made when it is named by a link and new."
    )
    timestamp: str = strawberry.field(
        description="The moment, as minutes:seconds or hours:minutes:seconds; at most 32 characters."
    )
    text: str | None = strawberry.field(
        default=None, description="What the note says, up to 10,000 characters; trimmed, and blank becomes null."
    )
    title: str | None = strawberry.field(
        default=None, description="What to call the video, up to 300 characters. The first title ever given stays."
    )


@strawberry.type(description="The note was taken.")
class NoteCreateSuccess:
    note: Note = strawberry.field(description="The note.")


NoteCreateResult = Annotated[
    NoteCreateSuccess | InvalidInput | NotFound,
    strawberry.union("NoteCreateResult", description="What became of `noteCreate`."),
]


@strawberry.input(description="A note to take on a video that is searched for at YouTube.")
class NoteCreateByTitleInput:
    title: str = strawberry.field(
        description="What to search for, up to 300 characters; trimmed. The first video that is found is noted on."
    )
    timestamp: str = strawberry.field(
        description="The moment, as minutes:seconds or hours:minutes:seconds; at most 32 characters."
    )
    text: str | None = strawberry.field(
        default=None, description="What the note says, up to 10,000 characters; trimmed, and blank becomes null."
    )


@strawberry.type(description="The video was found, and the note was taken.")
class NoteCreateByTitleSuccess:
    note: Note = strawberry.field(description="The note, with the video that was found.")


NoteCreateByTitleResult = Annotated[
    NoteCreateByTitleSuccess | InvalidInput | NotFound | VideoSearchUnavailable,
    strawberry.union("NoteCreateByTitleResult", description="What became of `noteCreateByTitle`."),
]


@strawberry.input(description="Changes of a note. What is left out stays as it is; something must be there.")
class NotePatchInput:
    text: str | None = strawberry.field(
        default=UNSET,
        description="What the note says, up to 10,000 characters, kept as it is sent. Null removes it.",
    )


@strawberry.input(description="A note to change.")
class NoteUpdateInput:
    id: strawberry.ID = strawberry.field(description="The note.")
    patch: NotePatchInput = strawberry.field(description="The changes.")

    def changes(self) -> NotePatch:
        """What was sent."""
        return NotePatch() if self.patch.text is UNSET else NotePatch(text=self.patch.text)


@strawberry.type(description="The note is as it was asked for.")
class NoteUpdateSuccess:
    note: Note = strawberry.field(description="The note.")


NoteUpdateResult = Annotated[
    NoteUpdateSuccess | InvalidInput | NotFound,
    strawberry.union("NoteUpdateResult", description="What became of `noteUpdate`."),
]


@strawberry.input(description="A note that the assistant is to write.")
class NoteRetryInput:
    id: strawberry.ID = strawberry.field(description="The note.")


@strawberry.type(description="The assistant is at work on the note, or there is nothing for it to do.")
class NoteRetrySuccess:
    note: Note = strawberry.field(
        description="The note: `PENDING` when it is to be written, `FAILED` when its timestamp is no time."
    )


NoteRetryResult = Annotated[
    NoteRetrySuccess | TranscriptNotReady | TranscriptMissing | NotFound,
    strawberry.union("NoteRetryResult", description="What became of `noteRetry`."),
]


@strawberry.input(description="A note to delete.")
class NoteDeleteInput:
    id: strawberry.ID = strawberry.field(description="The note.")


@strawberry.type(description="The note is gone.")
class NoteDeleteSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The id that the note had.")


NoteDeleteResult = Annotated[
    NoteDeleteSuccess | NotFound,
    strawberry.union("NoteDeleteResult", description="What became of `noteDelete`."),
]
