"""Tasks in every state, of somebody who is none of the people, so that an operator has something to see and to do."""

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select
from sqlalchemy.sql.dml import ReturningInsert

from db import clock
from db.models.tables import Note, Task, User, Video
from schema.types.nodes import global_id
from services.notes import ai_notes
from services.videos import processing
from services.videos.processing import KINDS, Part
from tests.server import Server

TOKEN = "a lease token"
CUES = [{"text": "The tide rises.", "startSeconds": 0}]
STATES: Mapping[str, Mapping[str, object]] = {
    "waiting": {},
    "kept": {"status": "RUNNING", "attempt": 1},
    "completed": {"status": "RUNNING", "attempt": 1},
    "failed": {"status": "RUNNING", "attempt": 1},
    "cancelled": {"status": "RUNNING", "attempt": 1, "cancel_requested": True},
    "dead": {"status": "DEAD", "attempt": 3, "error": {"code": "X", "message": "It is away.", "retryable": False}},
}
TASK_OPERATIONS = (
    *("Query.task", "Query.tasks", "Query.notesAwaitingAi", "Mutation.taskClaim", "Mutation.taskHeartbeat"),
    *("Mutation.taskComplete", "Mutation.taskFail", "Mutation.taskReplay"),
)
Arguments = Mapping[str, object]


async def queue_tasks(server: Server, lecture: str) -> Mapping[str, str]:
    """Ids of tasks by how they stand: of notes without words on the lecture, and of a transcript."""
    async with server.services.database.write() as tx:
        user_id = await tx.scalar(insert(User).values(email="asker@example.com").returning(User.id))
        video_id = await tx.scalar(select(Video.id).where(Video.youtube_id == lecture))
        other = insert(Video).values(youtube_id="queued-0001").returning(Video.id)
        made = {"transcript": await tx.scalar(_transcript(await tx.scalar(other)))}
        for name, state in STATES.items():
            note = {"user_id": user_id, "video_id": video_id, "timestamp": "1:05", "ai_status": "PENDING"}
            note_id = await tx.scalar(insert(Note).values(note).returning(Note.id))
            payload = {"noteId": note_id, "userId": user_id, "videoId": video_id, "timestamp": "1:05"}
            task = {"kind": ai_notes.KIND, "lane": ai_notes.LANE, "key": str(note_id), "payload": payload}
            made[name] = await tx.scalar(_held(task | dict(state), is_live=name != "waiting"))
    return {name: global_id("Task", task_id or 0) for name, task_id in made.items()} | {
        "video": global_id("Video", video_id or 0)
    }


def _transcript(video_id: int | None) -> ReturningInsert[int]:
    task = {"kind": KINDS[Part.TRANSCRIPT], "lane": processing.LANE, "key": str(video_id)}
    return _held(task | {"payload": {"videoId": video_id}, "status": "RUNNING", "attempt": 1}, is_live=True)


def _held(task: Arguments, *, is_live: bool) -> ReturningInsert[int]:
    """Under the token, unless nobody has claimed it yet."""
    held = {"lease_token": TOKEN, "worker": "ann", "started_at": clock.now()} if is_live else {}
    adding = insert(Task).values({"max_attempts": 3, **task}).values(run_at=clock.seconds_from_now(3600 * is_live))
    return adding.values(held).returning(Task.id) if held else adding.returning(Task.id)


def task_calls(tasks: Mapping[str, str]) -> Mapping[str, Sequence[Arguments]]:
    """The arguments of each operation of operators' workers."""
    proofs = {name: {"id": task_id, "leaseToken": TOKEN} for name, task_id in tasks.items()}
    lost = proofs["kept"] | {"leaseToken": "another"}
    claim = {"types": ["NOTE"], "workerId": "ann", "waitSeconds": 0}
    error = {"error": {"code": "X", "message": "It is away."}}
    cues = {"result": {"transcript": CUES}}
    return {
        "Query.task": [{"id": tasks[name]} for name in STATES],
        "Query.tasks": [{}, {"status": "DEAD", "type": "NOTE"}],
        "Query.notesAwaitingAi": [{"videoId": tasks["video"]}],
        "Mutation.taskClaim": [{"input": one} for one in (claim, claim, claim | {"types": []})],
        "Mutation.taskHeartbeat": [{"input": one} for one in (proofs["kept"], lost)],
        "Mutation.taskComplete": [
            {"input": proofs["transcript"] | cues},
            {"input": proofs["completed"] | {"result": {"note": "Tides."}}},
            {"input": proofs["cancelled"] | {"result": {"note": "Tides."}}},
            {"input": lost | cues},
        ],
        "Mutation.taskFail": [{"input": one | error} for one in (proofs["failed"], lost)],
        "Mutation.taskReplay": [{"input": {"id": tasks["dead"]}}, {"input": {"id": tasks["kept"]}}],
    }
