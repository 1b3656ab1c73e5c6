"""The worker's side of the notes that the assistant writes."""

from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from db.queries import ai_notes as queries
from db.queries.ai_notes import EmptyNote
from db.queries.videos import SegmentRow
from db.sessions import Reader, Sessions, Transaction
from services.llm.chat_model import ModelError, ModelUnavailable, Segment
from services.llm.writing.failures import as_task_failure
from services.llm.writing.writer import NoteContext, WriterChoice
from services.notes import ai_notes
from services.notes.daily_notes import DailyNotes, Taken
from services.tasks.model import ClaimedTask, Handling, TaskError, TaskFailed
from services.tasks.queue import TaskQueue
from services.videos.timestamps import parse_timestamp

log: FilteringBoundLogger = structlog.get_logger()

WITHIN_SECONDS: Final = 15.0
"""How far from the moment something must be said."""
CONTEXT_SEGMENTS: Final = 15
"""On each side of what is said at the moment."""
NO_WORDS_THERE: Final = "NO_WORDS_THERE"


class NoteWriter:
    def __init__(self, database: Sessions, queue: TaskQueue, writers: WriterChoice, daily: DailyNotes) -> None:
        """`daily`: what is written at the operator's cost."""
        self._daily = daily
        self._database = database
        self._queue = queue
        self._writers = writers

    def handlers(self) -> dict[str, Handling]:
        """By kind of task."""
        return {ai_notes.KIND: Handling(handle=self.write, on_dead=self.give_up, on_cancelled=self.stop)}

    async def write(self, task: ClaimedTask) -> None:
        """One that is not waited for any more is done without a word."""
        async with self._database.read(snapshot=True) as reader:
            note = await reader.row(EmptyNote, queries.waiting(ai_notes.note_id_of(task.payload)))
            context = None if note is None else await _context(reader, note)
        if note is None:
            return
        if context is None:
            raise TaskFailed(NO_WORDS_THERE, "Nothing is said at that moment of the video.", retryable=False)
        task.raise_if_cancelled()
        writer = await self._writers.for_user(note.user_id)
        taken = await self._take(task, note.user_id) if writer.is_shared else None
        try:
            text = await writer.write_note(context)
        except ModelError as error:
            log.warning("note.model_failed", model=writer.name, code=error.code, note_id=note.id)
            failure = as_task_failure(error)
            if taken is not None and isinstance(error, ModelUnavailable):
                await self._give_back(task, taken)
        else:
            await self._keep(task, note.id, text)
            return
        # Out here, so that the failure does not carry the model's as its context.
        raise failure

    async def give_up(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        """In the transaction that ends the task for good."""
        del error
        await ai_notes.give_up(tx, ai_notes.note_id_of(task.payload))

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """In the transaction that marks the task as cancelled."""
        await ai_notes.on_stopped(tx, ai_notes.note_id_of(task.payload))

    async def _take(self, task: ClaimedTask, user_id: int) -> Taken:
        """Before the model is asked. Raises TaskFailed, or LeaseLost as when the account is gone."""
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            return await self._daily.take(tx, user_id)

    async def _give_back(self, task: ClaimedTask, taken: Taken) -> None:
        """What the provider was not there for."""
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            await taken.give_back(tx)

    async def _keep(self, task: ClaimedTask, note_id: int, text: str) -> None:
        async with self._database.write() as tx:
            await self._queue.succeed(tx, task)
            await ai_notes.keep_text(tx, note_id, text)


async def _context(reader: Reader, note: EmptyNote) -> NoteContext | None:
    """None when nothing is said near the moment."""
    seconds = parse_timestamp(note.timestamp)
    if seconds is None:
        return None
    nearest = await reader.scalar(queries.nearest_position(note.video_id, seconds, WITHIN_SECONDS))
    if nearest is None:
        return None
    around = queries.segments_between(note.video_id, nearest - CONTEXT_SEGMENTS, nearest + CONTEXT_SEGMENTS)
    rows = await reader.rows(SegmentRow, around)
    segments = [
        Segment(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text) for row in rows
    ]
    return NoteContext(segments=segments, nearest=[row.position for row in rows].index(nearest))
