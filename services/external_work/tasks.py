"""The queue as operators see it: tasks found and listed, dead ones begun anew, and notes that wait for words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from db.paging import Page, PageRequest, cut, page_of
from db.queries import awaiting_notes
from db.queries import notes as note_queries
from db.queries import tasks as queries
from db.queries import videos as video_queries
from db.queries.notes import NoteRow
from db.queries.tasks import TaskRow
from db.queries.videos import VideoRow
from db.sessions import Sessions, Transaction
from services.errors import NotFound, TaskNotReplayable
from services.external_work.types import KIND_OF, PARTS, REPLAYABLE, TYPE_OF, TaskStatus, TaskType, type_of
from services.notes import ai_notes
from services.notes.changes import NoteChange, announce
from services.tasks.queue import TaskQueue
from services.videos import processing, progress


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListing:
    """Which tasks are wanted; None for no condition."""

    type: TaskType | None = None
    status: TaskStatus | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        if self.type is None:
            return queries.matching(status=self.status)
        if self.type is TaskType.OTHER:
            return queries.matching(other_than=TYPE_OF.keys(), status=self.status)
        return queries.matching(kinds=[KIND_OF[self.type]], status=self.status)


class TaskService:
    def __init__(self, database: Sessions, queue: TaskQueue) -> None:
        self._database = database
        self._queue = queue

    async def find(self, task_id: int) -> TaskRow | None:
        async with self._database.read() as reader:
            return await reader.row(TaskRow, queries.by_id(task_id))

    async def page(self, listing: TaskListing, request: PageRequest) -> Page[TaskRow]:
        """Newest first."""
        statement = page_of(queries.listed(listing.condition), queries.NEWEST_FIRST, request)
        async with self._database.read() as reader:
            return cut(await reader.rows(TaskRow, statement), request)

    async def count(self, listing: TaskListing) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count(listing.condition)) or 0

    async def notes(self, ids: Sequence[int | None]) -> list[NoteRow | None]:
        """Of anybody, in the order of the ids; None where there is none."""
        wanted = {note_id for note_id in ids if note_id is not None}
        async with self._database.read() as reader:
            rows = await reader.rows(NoteRow, awaiting_notes.by_ids(wanted)) if wanted else []
        found = {row.id: row for row in rows}
        return [None if note_id is None else found.get(note_id) for note_id in ids]

    async def notes_awaiting(self, video_id: int, request: PageRequest) -> Page[NoteRow] | None:
        """Without words, of users who want the assistant's, the oldest first; None for a video that is not there."""
        statement = page_of(awaiting_notes.on_video(video_id), note_queries.OLDEST_FIRST, request)
        async with self._database.read() as reader:
            if await reader.row(VideoRow, video_queries.by_ids([video_id])) is None:
                return None
            return cut(await reader.rows(NoteRow, statement), request)

    async def count_notes_awaiting(self, video_id: int) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(awaiting_notes.count_on_video(video_id)) or 0

    async def replay(self, task_id: int) -> TaskRow:
        """Let a dead task begin anew. Raises NotFound or TaskNotReplayable."""
        row = await self.find(task_id)
        if row is None:
            raise NotFound("Task not found.")
        if type_of(row.kind) not in REPLAYABLE:
            raise TaskNotReplayable
        try:
            async with self._database.write() as tx:
                return await self._replay(tx, row)
        except IntegrityError:
            # One for the same thing was added at this very moment.
            raise TaskNotReplayable from None

    async def _replay(self, tx: Transaction, row: TaskRow) -> TaskRow:
        part = PARTS.get(type_of(row.kind))
        if part is not None:
            await tx.first(video_queries.lock(processing.video_id_of(row.payload)))
        if not await self._queue.replay(tx, row.id, row.lane):
            raise TaskNotReplayable
        if part is not None:
            await progress.show_waiting(tx, part, processing.video_id_of(row.payload), attempts=0)
        if type_of(row.kind) is TaskType.NOTE:
            await _show_waiting_note(tx, ai_notes.note_id_of(row.payload))
        return await tx.row(TaskRow, queries.by_id(row.id)) or row


async def _show_waiting_note(tx: Transaction, note_id: int) -> None:
    changed = await tx.first(awaiting_notes.wait_again(note_id))
    if changed is not None:
        user_id, video_id = changed
        await announce(tx, user_id, video_id, note_id, NoteChange.CHANGED)
