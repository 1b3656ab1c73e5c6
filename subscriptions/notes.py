"""noteUpdated: the caller's notes on a video as they come, change and go."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.nodes import global_id, required_row_id
from schema.types.note_events import NoteChanged, NoteCreated, NoteDeleted, NoteSnapshot, NoteUpdatedEvent
from schema.types.notes import Note
from services.notes import following
from subscriptions.watching import watched


@strawberry.type
class NoteSubscription:
    @strawberry.subscription(
        description="The caller's own notes on a video: a snapshot, and then each that is taken, changed (by the "
        "assistant, too) or deleted. It has no end. With `after`, all that came since, or a fresh snapshot where that "
        "position is not known any more.",
        extensions=[USERS],
    )
    async def note_updated(
        self,
        info: Info,
        video_id: Annotated[strawberry.ID, strawberry.argument(description="The video.")],
        after: Annotated[
            str | None, strawberry.argument(description="The position of the last event the client has.")
        ] = None,
    ) -> AsyncGenerator[NoteUpdatedEvent, None]:
        video, user_id = required_row_id("Video", video_id), info.context.viewer.signed_in_id
        events = await info.context.services.note_following.follow(user_id, video, after)
        return watched(info.context, events, partial(_event, video))


def _event(video_id: int, event: following.NoteEvent) -> NoteSnapshot | NoteCreated | NoteChanged | NoteDeleted:
    position = str(event.position)
    match event:
        case following.Snapshot(page=page):
            return NoteSnapshot(position=position, page=page, video_id=video_id)
        case following.Gone(note_id=note_id):
            return NoteDeleted(position=position, note_id=global_id("Note", note_id))
        case following.Kept(is_new=True, note=note):
            return NoteCreated(position=position, note=Note.from_row(note))
        case following.Kept(note=note):
            return NoteChanged(position=position, note=Note.from_row(note))
