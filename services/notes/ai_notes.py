"""Which notes the assistant writes, and what becomes of them: a note without text gets one from the transcript around it.

It does so by itself when the note is taken, and when a transcript comes for the notes that are empty by then and were
not emptied by their user; in both cases if the user wants such notes. A user who edits a note takes it over for good:
only `begin_anew`, which they ask for, has it written after that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from db.outbox import NewEvent, NewTask
from db.queries import ai_notes as queries
from db.queries import tasks as task_queries
from db.queries.ai_notes import Changed, Conditions, EmptyNote, Written
from db.queries.notes import NoteRow
from db.search_index import index_note
from db.sessions import Reader, Transaction
from services.notes.ai_status import NoteAiStatus
from services.notes.changes import NoteChange, announce, topic_of
from services.videos import processing
from services.videos.timestamps import parse_timestamp

KIND: Final = "write_note"
LANE: Final = processing.LANE
MAX_ATTEMPTS: Final = 3
WAVE: Final = 40
WAVE_SECONDS: Final = 20.0
"""A transcript may set off thousands of notes. So many are due at once and the next so much later, so that no new video
waits for all of them."""

AT_ONCE: Final = 2
SPACING_SECONDS: Final = 10.0
"""One user's notes that are taken one after the other: so many are due at once, each further one so much later than the
one before, so that what others wait for comes between."""

T = TypeVar("T")

_AT_ONCE: Final = 1_000
"""Notes in one statement, which may have only so many parameters."""


def note_id_of(payload: Mapping[str, object]) -> int:
    """Which note a task is about."""
    note_id = payload["noteId"]
    if not isinstance(note_id, int):
        raise TypeError("The task names no note.")
    return note_id


async def on_created(tx: Transaction, note: NoteRow, user_id: int) -> NoteRow:
    """The new note with its status, and a task when it can be written now. Tells nobody.

    To be called after the video's parts have been scheduled. While the transcript is still to come the note waits for
    `dispatch`.
    """
    if note.text:
        return note
    conditions = await tx.row(Conditions, queries.conditions(user_id, note.video_id))
    status = NoteAiStatus.NONE if conditions is None else _status_of(note.timestamp, conditions)
    if status is NoteAiStatus.NONE:
        return note
    if status is NoteAiStatus.PENDING and conditions is not None and conditions.has_transcript:
        empty = EmptyNote(note.id, user_id, note.video_id, note.timestamp, status)
        await tx.enqueue(_task(empty, await _spacing(tx, user_id)))
    return await tx.row(NoteRow, queries.set_status(note.id, status)) or note


async def dispatch(tx: Transaction, video_id: int) -> int:
    """Have all notes on the video written that await it; answers how many.

    To be called when its transcript has come, with the video locked, and after its own topic was told: whoever takes a
    note has the two topics in that order. An account that is being deleted is waited for, and its notes are gone then.
    """
    notes = await tx.rows(EmptyNote, queries.empty_notes(video_id))
    writable = [note for note in notes if parse_timestamp(note.timestamp) is not None]
    chosen = {note.id for note in writable}
    changed: list[Changed] = []
    await tx.enqueue_many([_task(note, number // WAVE * WAVE_SECONDS) for number, note in enumerate(writable)])
    for status, of_status in (
        (NoteAiStatus.PENDING, writable),
        (NoteAiStatus.FAILED, [note for note in notes if note.id not in chosen]),
    ):
        for some in _batches([note for note in of_status if note.ai_status != status]):
            changed += await tx.rows(Changed, queries.set_statuses([note.id for note in some], status))
    await _announce_all(tx, changed)
    return len(writable)


async def begin_anew(tx: Transaction, note: EmptyNote) -> None:
    """Have the note written, unless it is about to be. To be called before its user is locked: tasks come first."""
    if parse_timestamp(note.timestamp) is not None:
        await tx.enqueue(_task(note, await _spacing(tx, note.user_id)))


async def show_begun(tx: Transaction, note: EmptyNote) -> NoteRow | None:
    """After `begin_anew`, with the user locked: the changed note, told; None when it stays as it is."""
    status = NoteAiStatus.FAILED if parse_timestamp(note.timestamp) is None else NoteAiStatus.PENDING
    changed = await tx.row(NoteRow, queries.ask_again(note.id, status))
    if changed is not None:
        await announce(tx, note.user_id, note.video_id, note.id, NoteChange.CHANGED)
    return changed


async def on_transcript_failed(tx: Transaction, video_id: int) -> None:
    """Nothing will come any more for the notes that wait for a transcript."""
    await _announce_all(tx, await tx.rows(Changed, queries.fail_all(video_id)))


async def keep_text(tx: Transaction, note_id: int, text: str) -> bool:
    """The assistant's text, unless the note does not wait for one any more: its owner was faster."""
    written = await tx.row(Written, queries.write(note_id, text))
    if written is None:
        return False
    user_id, video_id = written.user_id, written.video_id
    await index_note(tx, note_id, user_id=user_id, video_id=video_id, text=written.text, created_at=written.created_at)
    await announce(tx, user_id, video_id, note_id, NoteChange.CHANGED)
    return True


async def give_up(tx: Transaction, note_id: int) -> None:
    """The note will not be written, if it still waits."""
    await _announce_all(tx, await tx.rows(Changed, queries.fail(note_id)))


async def on_stopped(tx: Transaction, note_id: int) -> None:
    """Its task was cancelled. A note that still waits is to be written from the transcript that there is now; others
    their owner has written, or deleted.
    """
    note = await tx.row(EmptyNote, queries.waiting(note_id))
    if note is not None:
        await begin_anew(tx, note)


async def forget(tx: Transaction, note_id: int) -> None:
    """Its owner writes or deletes it. To be called before the note is changed: tasks are locked first."""
    await tx.scalar(task_queries.request_cancel(KIND, str(note_id)))


def _status_of(timestamp: str, conditions: Conditions) -> NoteAiStatus:
    if not conditions.is_wanted:
        return NoteAiStatus.NONE
    may_come = conditions.has_transcript or conditions.transcript_state != "FAILED"
    return NoteAiStatus.PENDING if may_come and parse_timestamp(timestamp) is not None else NoteAiStatus.FAILED


async def _spacing(reader: Reader, user_id: int) -> float:
    """How much later one more is due."""
    ahead = await reader.scalar(queries.count_ahead(user_id)) or 0
    return max(0, ahead - AT_ONCE + 1) * SPACING_SECONDS


def _task(note: EmptyNote, delay_seconds: float = 0) -> NewTask:
    payload = {
        "noteId": note.id,
        "userId": note.user_id,
        "videoId": note.video_id,
        "timestamp": note.timestamp,
    }
    return NewTask(
        kind=KIND,
        lane=LANE,
        key=str(note.id),
        payload=payload,
        max_attempts=MAX_ATTEMPTS,
        delay_seconds=delay_seconds,
    )


async def _announce_all(tx: Transaction, changed: Iterable[Changed]) -> None:
    """Topics in one order from first to last, so that two writers never wait in a ring."""
    events: defaultdict[str, list[NewEvent]] = defaultdict(list)
    for note in changed:
        event = NewEvent(type=NoteChange.CHANGED, data={"noteId": note.id})
        events[topic_of(note.user_id, note.video_id)].append(event)
    for topics in _batches(sorted(events)):
        await tx.publish_many({topic: events[topic] for topic in topics})


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
