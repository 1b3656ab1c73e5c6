"""Notes: taken, changed, deleted and handed out."""

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import USERS, USERS_AND_API_TOKENS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.nodes import global_id, required_row_id
from schema.types.note_exports import NotesExportInput, NotesExportResult, NotesExportSuccess
from schema.types.notes import (
    Note,
    NoteCreateByTitleInput,
    NoteCreateByTitleResult,
    NoteCreateByTitleSuccess,
    NoteCreateInput,
    NoteCreateResult,
    NoteCreateSuccess,
    NoteDeleteInput,
    NoteDeleteResult,
    NoteDeleteSuccess,
    NoteRetryInput,
    NoteRetryResult,
    NoteRetrySuccess,
    NoteUpdateInput,
    NoteUpdateResult,
    NoteUpdateSuccess,
)


@strawberry.type
class NoteMutation:
    @strawberry.mutation(
        description="Take a note at a moment of a video. What the video lacks is fetched.",
        extensions=[USERS_AND_API_TOKENS],
    )
    async def note_create(self, info: Info, input: NoteCreateInput) -> NoteCreateResult:
        row = await info.context.services.notes.create(
            info.context.viewer.author_id,
            input.video.to_service(info),
            timestamp=input.timestamp,
            text=input.text,
            title=input.title,
        )
        return NoteCreateSuccess(note=Note.from_row(row))

    @strawberry.mutation(
        description="Take a note on the first video that YouTube finds for a title, as by `noteCreate`.",
        extensions=[USERS_AND_API_TOKENS],
        metadata={**paced(lambda settings: settings.rate_limit_videos), **ONE_AN_OPERATION},
    )
    async def note_create_by_title(self, info: Info, input: NoteCreateByTitleInput) -> NoteCreateByTitleResult:
        row = await info.context.services.notes_by_title.create(
            info.context.viewer.author_id, title=input.title, timestamp=input.timestamp, text=input.text
        )
        return NoteCreateByTitleSuccess(note=Note.from_row(row))

    @strawberry.mutation(
        description="Change a note. A text that is changed, or removed, is the user's own from then on: the assistant "
        "leaves the note alone, unless `noteRetry` asks it.",
        extensions=[USERS],
    )
    async def note_update(self, info: Info, input: NoteUpdateInput) -> NoteUpdateResult:
        user_id, note_id = info.context.viewer.signed_in_id, required_row_id("Note", input.id)
        row = await info.context.services.notes.update(user_id, note_id, input.changes())
        return NoteUpdateSuccess(note=Note.from_row(row))

    @strawberry.mutation(
        description="Have the assistant write a note that has no text: one that it failed to write, that nobody asked it to "
        "write, or that the user emptied; also where `aiNotesEnabled` is off. A text that is there stays.",
        extensions=[USERS],
    )
    async def note_retry(self, info: Info, input: NoteRetryInput) -> NoteRetryResult:
        user_id, note_id = info.context.viewer.signed_in_id, required_row_id("Note", input.id)
        return NoteRetrySuccess(note=Note.from_row(await info.context.services.notes.retry(user_id, note_id)))

    @strawberry.mutation(description="Delete a note for good.", extensions=[USERS])
    async def note_delete(self, info: Info, input: NoteDeleteInput) -> NoteDeleteResult:
        user_id, note_id = info.context.viewer.signed_in_id, required_row_id("Note", input.id)
        await info.context.services.notes.delete(user_id, note_id)
        return NoteDeleteSuccess(deleted_id=global_id("Note", note_id))

    @strawberry.mutation(
        description="Make a link to the caller's notes as a file: of all videos, or of one.", extensions=[USERS]
    )
    async def notes_export(self, info: Info, input: NotesExportInput) -> NotesExportResult:
        user_id, video = info.context.viewer.signed_in_id, input.video.to_service(info) if input.video else None
        link = await info.context.services.note_exports.link(user_id, video, input.format)
        return NotesExportSuccess(url=f"{info.context.base_url}{link.path}", expires_at=link.expires_at)
