"""The events of `noteUpdated`."""

from functools import partial
from typing import Annotated

import strawberry

from db.paging import Page
from db.queries.notes import NoteRow
from schema.context import Info
from schema.types.notes import Note, place
from schema.types.paging import DEFAULT_SIZE, After, Connection, First, page_request
from schema.types.streams import StreamEvent


@strawberry.type(description="The user's notes on the video as they stand; they replace what the client holds.")
class NoteSnapshot(StreamEvent):
    page: strawberry.Private[Page[NoteRow]]
    """The first of them, as they were at the position."""
    video_id: strawberry.Private[int]

    @strawberry.field(
        description="The notes, the oldest first. Where there are more, page on here or through `Video.notes`."
    )
    async def notes(self, info: Info, first: First = DEFAULT_SIZE, after: After = None) -> Connection[Note]:
        request = page_request(first, after)
        if request.after is not None:
            (found,) = await Note.on_videos(info.context, [self.video_id], request)
            return found
        rows, has_next = self.page.rows[:first], self.page.has_next or len(self.page.rows) > first
        count = partial(info.context.services.notes.counts_by_video, info.context.viewer.user_id)
        return Connection[Note].of(
            Page(rows=rows, has_next=has_next, has_previous=False),
            node=Note.from_row,
            place=place,
            count=partial(info.context.batches.load, "notes_on_video", count, self.video_id),
        )


@strawberry.type(description="A note was taken.")
class NoteCreated(StreamEvent):
    note: Note = strawberry.field(description="The note as it is by now.")


@strawberry.type(description="A note was changed, by the user or by the assistant.")
class NoteChanged(StreamEvent):
    note: Note = strawberry.field(description="The note as it is by now.")


@strawberry.type(description="A note was deleted. It may be one that the client was never told of.")
class NoteDeleted(StreamEvent):
    note_id: strawberry.ID = strawberry.field(description="The id that the note had.")


NoteUpdatedEvent = Annotated[
    NoteSnapshot | NoteCreated | NoteChanged | NoteDeleted,
    strawberry.union("NoteUpdatedEvent", description="An event of `noteUpdated`."),
]
