"""Notes as a file: in which form, and where to get it."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.types.enums import describe
from schema.types.errors import InvalidInput, NotFound
from schema.types.videos import VideoRef
from services.notes.exports import NotesFormat

describe(
    NotesFormat,
    name="NotesFormat",
    description="The form of a file of notes.",
    values={
        "MARKDOWN": "A document to read: the notes of each video under its title.",
        "CSV": "A table for spreadsheets, a line a note, in UTF-8 with a byte order mark.",
        "JSON": "An array of objects, for programs.",
    },
)


@strawberry.input(description="The notes to export.")
class NotesExportInput:
    video: VideoRef | None = strawberry.field(
        default=None, description="Those on this video only; all of the user's when absent or null."
    )
    format: NotesFormat = strawberry.field(description="The form of the file.")


@strawberry.type(
    description="The notes can be fetched. The file is written while it is sent, so that it is up to date."
)
class NotesExportSuccess:
    url: str = strawberry.field(
        description="Where to get the file, with no other credentials: keep it secret. It is dead with the account."
    )
    expires_at: datetime = strawberry.field(description="The timestamp from which on the link is no good any more.")


NotesExportResult = Annotated[
    NotesExportSuccess | InvalidInput | NotFound,
    strawberry.union("NotesExportResult", description="What became of `notesExport`."),
]
