"""Notes at a timestamp of a video; each user sees only their own."""

from collections.abc import Sequence
from typing import TypedDict

from db.paging import Page, PageRequest, cut, group, page_of
from db.queries import ai_notes as ai_queries
from db.queries import notes as queries
from db.queries import users as user_queries
from db.queries.ai_notes import Conditions, EmptyNote
from db.queries.notes import NoteRow
from db.search_index import index_note
from db.sessions import Sessions, Transaction
from services import limits
from services.errors import (
    NotFound,
    ProblemCode,
    TranscriptMissing,
    TranscriptNotReady,
    Unauthenticated,
    UnauthenticatedReason,
)
from services.notes import ai_notes
from services.notes.ai_status import NoteAiStatus
from services.notes.changes import NoteChange, announce
from services.validation import Checks
from services.videos import videos
from services.videos.processing import PartState
from services.videos.timestamps import is_timestamp_text
from services.videos.videos import VideoRef

NOT_FOUND = "Note not found."


class NotePatch(TypedDict, total=False):
    """What is to change; what is left out stays."""

    text: str | None


class NoteService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def create(
        self, user_id: int, ref: VideoRef, *, timestamp: str, text: str | None, title: str | None
    ) -> NoteRow:
        """A note on the video, which is added when new. Raises InvalidInput or NotFound."""
        checks = Checks()
        videos.check_ref(checks, ref)
        timestamp, text = checked_moment(checks, timestamp, text)
        title = checks.optional_text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            video = await videos.ensure(tx, ref, title)
            note = await tx.row(NoteRow, queries.add(user_id, video.id, timestamp, text))
            if note is None:
                raise NotFound("Video not found.")
            await _index(tx, user_id, note)
            note = await ai_notes.on_created(tx, note, user_id)
            await announce(tx, user_id, note.video_id, note.id, NoteChange.CREATED)
            return note

    async def update(self, user_id: int, note_id: int, patch: NotePatch) -> NoteRow:
        """The text is the user's own from then on, and kept as it is sent. Raises InvalidInput or NotFound.

        A text that the note has already changes nothing, so that one by the assistant stays its own.
        """
        text = _checked_text(patch)
        async with self._database.write() as tx:
            note = await _own(tx, user_id, note_id)
            if note.text == text:
                return note
            await _take_over(tx, user_id, note)
            changed = await tx.row(NoteRow, queries.set_text(user_id, note.id, text))
            if changed is None:
                # Somebody was faster: they deleted it, or wrote the same.
                return await _own(tx, user_id, note_id)
            await _index(tx, user_id, changed)
            await announce(tx, user_id, changed.video_id, changed.id, NoteChange.CHANGED)
            return changed

    async def retry(self, user_id: int, note_id: int) -> NoteRow:
        """The note, written anew by the assistant when it has no text; the user's wish counts without their switch.

        One that waits for its text or for a transcript goes on. Raises NotFound, TranscriptNotReady or TranscriptMissing.
        """
        async with self._database.write() as tx:
            note = await _own(tx, user_id, note_id)
            if note.text or not await _can_be_written(tx, user_id, note):
                return note
            empty = EmptyNote(note.id, user_id, note.video_id, note.timestamp, note.ai_status)
            await ai_notes.begin_anew(tx, empty)
            await _hold_user(tx, user_id)
            return await ai_notes.show_begun(tx, empty) or await _own(tx, user_id, note_id)

    async def delete(self, user_id: int, note_id: int) -> None:
        """Raises NotFound."""
        async with self._database.write() as tx:
            note = await _own(tx, user_id, note_id)
            await _take_over(tx, user_id, note)
            if not await tx.execute(queries.remove(user_id, note.id)):
                raise NotFound(NOT_FOUND)
            await announce(tx, user_id, note.video_id, note.id, NoteChange.DELETED)

    async def by_ids(self, user_id: int, ids: Sequence[int]) -> list[NoteRow | None]:
        async with self._database.read() as reader:
            found = {row.id: row for row in await reader.rows(NoteRow, queries.by_ids(user_id, ids))}
        return [found.get(note_id) for note_id in ids]

    async def page_of_user(self, user_id: int, request: PageRequest) -> Page[NoteRow]:
        statement = page_of(queries.of_user(user_id), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(NoteRow, statement), request)

    async def count_of_user(self, user_id: int) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_of_user(user_id)) or 0

    async def pages_by_video(
        self, user_id: int | None, video_ids: Sequence[int], request: PageRequest
    ) -> list[Page[NoteRow]]:
        """Without a user (a guest), empty pages."""
        if user_id is None:
            return [cut([], request) for _ in video_ids]
        async with self._database.read() as reader:
            rows = await reader.rows(NoteRow, queries.pages_by_video(user_id, video_ids, request))
        return [cut(own, request) for own in group(video_ids, rows, lambda row: row.video_id)]

    async def counts_by_video(self, user_id: int | None, video_ids: Sequence[int]) -> list[int]:
        if user_id is None:
            return [0 for _ in video_ids]
        async with self._database.read() as reader:
            found = dict(await reader.all(queries.count_by_video(user_id, video_ids)))
        return [found.get(video_id, 0) for video_id in video_ids]


def checked_moment(checks: Checks, timestamp: str, text: str | None) -> tuple[str, str | None]:
    """The timestamp and the text of a new note."""
    timestamp = checks.text(timestamp, "timestamp", maximum=limits.TIMESTAMP_LENGTH)
    if timestamp and not is_timestamp_text(timestamp):
        checks.add(["timestamp"], ProblemCode.INVALID_FORMAT, "Write the timestamp as minutes:seconds.")
    return timestamp, checks.optional_text(text, "text", maximum=limits.NOTE_LENGTH)


def _checked_text(patch: NotePatch) -> str | None:
    """Not trimmed. Raises InvalidInput."""
    checks = Checks()
    if "text" not in patch:
        checks.add(["patch"], ProblemCode.REQUIRED, "Say what is to change.")
    text = patch.get("text")
    if text is not None and checks.storable(text, "patch", "text") and len(text) > limits.NOTE_LENGTH:
        message = f"Text must have at most {limits.NOTE_LENGTH} characters."
        checks.add(["patch", "text"], ProblemCode.TOO_LONG, message)
    checks.finish()
    return text


async def _own(tx: Transaction, user_id: int, note_id: int) -> NoteRow:
    """Raises NotFound."""
    note = await tx.row(NoteRow, queries.by_ids(user_id, [note_id]))
    if note is None:
        raise NotFound(NOT_FOUND)
    return note


async def _take_over(tx: Transaction, user_id: int, note: NoteRow) -> None:
    """From the assistant. Raises Unauthenticated when the user is gone.

    The task first, and the user before the note: as the deletion of an account does, so that neither waits in a ring.
    """
    await ai_notes.forget(tx, note.id)
    await _hold_user(tx, user_id)


async def _hold_user(tx: Transaction, user_id: int) -> None:
    """Raises Unauthenticated when they are gone."""
    if await tx.scalar(user_queries.lock(user_id)) is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)


async def _can_be_written(tx: Transaction, user_id: int, note: NoteRow) -> bool:
    """False for one that waits for the transcript. Raises TranscriptNotReady, or TranscriptMissing."""
    conditions = await tx.row(Conditions, ai_queries.conditions(user_id, note.video_id))
    if conditions is not None and conditions.has_transcript:
        return True
    if conditions is not None and conditions.transcript_state == PartState.FAILED:
        raise TranscriptMissing("The video has no transcript to write from.")
    if note.ai_status != NoteAiStatus.PENDING:
        raise TranscriptNotReady(note.video_id)
    return False


async def _index(tx: Transaction, user_id: int, note: NoteRow) -> None:
    await index_note(tx, note.id, user_id=user_id, video_id=note.video_id, text=note.text, created_at=note.created_at)
