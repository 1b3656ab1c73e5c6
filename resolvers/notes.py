"""Notes: taken."""

import strawberry

from schema.context import Info
from schema.permissions import USERS_AND_API_TOKENS
from schema.types.notes import Note, NoteCreateInput, NoteCreateResult, NoteCreateSuccess


@strawberry.type
class NoteMutation:
    @strawberry.mutation(
        description="Take a note at a moment of a video. What the video lacks is fetched.",
        extensions=[USERS_AND_API_TOKENS],
    )
    async def note_create(self, info: Info, input: NoteCreateInput) -> NoteCreateResult:
        row = await info.context.services.notes.create(
            info.context.viewer.author_id,
            input.video.to_service(),
            timestamp=input.timestamp,
            text=input.text,
            title=input.title,
        )
        return NoteCreateSuccess(note=Note.from_row(row))
