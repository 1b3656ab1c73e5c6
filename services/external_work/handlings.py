"""What shows on a video or a note when a worker of somebody else begins its task, and when it fails."""

from collections.abc import Mapping

from db.queries import ai_notes as note_queries
from db.sessions import Transaction
from services.external_work.types import CLAIMABLE, KIND_OF, PARTS, TaskType, type_of
from services.notes import ai_notes
from services.tasks.model import ClaimedTask, Handling, TaskError
from services.tasks.queue import TaskQueue
from services.videos import processing, progress


async def done_elsewhere(task: ClaimedTask) -> None:
    """The handler of a task that is claimed to be handed out. No worker of ours runs it."""
    raise RuntimeError(f"{task.kind} is done by somebody else.")


def handling_of(task_type: TaskType) -> Handling:
    part = PARTS.get(task_type)
    if part is not None:
        return progress.handling_of(part, done_elsewhere)
    return Handling(handle=done_elsewhere, on_dead=_give_up_note, on_cancelled=_on_stopped_note)


async def _give_up_note(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    del error
    await ai_notes.give_up(tx, ai_notes.note_id_of(task.payload))


async def _on_stopped_note(tx: Transaction, task: ClaimedTask) -> None:
    await ai_notes.on_stopped(tx, ai_notes.note_id_of(task.payload))


HANDLINGS: Mapping[str, Handling] = {KIND_OF[task_type]: handling_of(task_type) for task_type in CLAIMABLE}
"""By kind of task."""


async def begin(tx: Transaction, queue: TaskQueue, task: ClaimedTask) -> bool:
    """Show that the task is under way; False when there is nothing to do, and the task has succeeded.

    Raises LeaseLost.
    """
    part = PARTS.get(type_of(task.kind))
    if part is not None:
        return await progress.begin(tx, queue, task, part) is not None
    await queue.hold(tx, task)
    if await tx.first(note_queries.waiting(ai_notes.note_id_of(task.payload))) is not None:
        return True
    await queue.succeed(tx, task)
    return False


async def begin_again(tx: Transaction, task: ClaimedTask) -> None:
    """Show that the task waits, as if nobody had begun it."""
    part = PARTS.get(type_of(task.kind))
    if part is not None:
        await progress.show_waiting(tx, part, processing.video_id_of(task.payload), attempts=task.attempt - 1)
