"""Notes that are taken, dispatched and written while something else happens to their video or their user."""

import asyncio
import json

import pytest
from sqlalchemy import func, insert, select
from structlog.testing import capture_logs

from db.models.tables import Event, EventTopic, Note, SearchEntry, Task, User
from db.queries import deletion
from db.queries import videos as video_queries
from db.queries.notes import COLUMNS, NoteRow
from db.queries.videos import VideoRow
from db.search_index import fold_transcript
from db.sessions import Sessions, Transaction
from services.notes import ai_notes
from services.settings import Settings
from services.videos import results, videos
from services.videos.results import TranscriptSource
from services.videos.videos import VideoRef
from tests.accounts import register, succeeded
from tests.client import Client
from tests.conditions import until
from tests.notes import take
from tests.provider_keys import keys_set
from tests.resolvers.stored import row_id, user_id_of
from tests.resolvers.test_ai_notes import SPEECH, bring_transcript, status_of, tasks
from tests.resolvers.test_lock_order import is_waited_for
from tests.resolvers.test_user_delete import delete
from tests.resolvers.test_writing import KEY, NEW, NOTE, note_tasks, staged
from tests.server import Server

pytestmark = pytest.mark.asyncio

POSTGRES = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
REF = VideoRef(youtube="dQw4w9WgXcQ")


async def new_note(tx: Transaction, user_id: int, video_id: int) -> NoteRow:
    """Stored, and its status decided, as by `noteCreate`."""
    added = insert(Note).values(user_id=user_id, video_id=video_id, timestamp="1:05").returning(*COLUMNS)
    row = await tx.row(NoteRow, added)
    assert row is not None
    return await ai_notes.on_created(tx, row, user_id)


@POSTGRES
async def test_notes_on_one_video_do_not_wait_for_each_other(idle_server: Server) -> None:
    """Once all is under way that can be: a transaction with a note stays open while others take theirs."""
    ada, bob = await idle_server.user(), await idle_server.user()
    video_id = row_id((await take(ada, **NEW, title="A title"))["video"]["id"])
    async with idle_server.services.database.write() as tx:
        video = await videos.ensure(tx, REF, "Another")
        assert (await new_note(tx, await user_id_of(ada), video.id)).ai_status == "PENDING"
        for text in (None, "Mine."):
            assert (await take(bob, **NEW, text=text, title="A third"))["video"]["title"] == "A title"
    assert video.id == video_id
    async with idle_server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(Task).where(Task.key == str(video_id))) == 2


async def test_a_note_that_is_taken_while_the_transcript_comes_is_written(idle_server: Server) -> None:
    """Whichever is first: the transcript waits until it sees the note."""
    user, database = await idle_server.user(), idle_server.services.database
    first = await take(user, **NEW)
    video_id = row_id(first["video"]["id"])
    async with asyncio.TaskGroup() as group, database.write() as tx:
        await videos.ensure(tx, REF, None)
        note = await new_note(tx, await user_id_of(user), video_id)
        assert note.ai_status == "PENDING"
        group.create_task(bring_transcript(idle_server, video_id))
        await until(lambda: is_waited_for(database))
    wanted = {row_id(first["id"]), note.id}
    assert {payload["noteId"] for payload, _ in await tasks(idle_server)} == wanted


async def test_a_note_that_is_taken_while_the_transcript_fails_does_not_wait(idle_server: Server) -> None:
    user, database = await idle_server.user(), idle_server.services.database
    video_id = row_id((await take(user, **NEW))["video"]["id"])

    async def fail() -> None:
        async with database.write() as tx:
            await tx.first(video_queries.lock(video_id))
            await ai_notes.on_transcript_failed(tx, video_id)

    async with asyncio.TaskGroup() as group, database.write() as tx:
        await videos.ensure(tx, REF, None)
        note = await new_note(tx, await user_id_of(user), video_id)
        group.create_task(fail())
        await until(lambda: is_waited_for(database))
    async with database.read() as reader:
        assert await reader.scalar(select(Note.ai_status).where(Note.id == note.id)) == "FAILED"


async def left_of(database: Sessions, user_id: int) -> dict[str, int]:
    """Of the user and their notes; tasks that are done for others do not count."""
    named = Task.payload["userId"].as_string() == str(user_id)
    counts = {
        "users": select(func.count()).select_from(User).where(User.id == user_id),
        "notes": select(func.count()).select_from(Note).where(Note.user_id == user_id),
        "words": select(func.count()).select_from(SearchEntry).where(SearchEntry.user_id == user_id),
        "tasks": select(func.count()).select_from(Task).where(named),
        "topics": select(func.count()).select_from(EventTopic).where(EventTopic.topic.startswith(f"notes:{user_id}:")),
        "events": select(func.count()).select_from(Event).where(Event.topic.startswith(f"notes:{user_id}:")),
    }
    async with database.read() as reader:
        return {name: await reader.scalar(count) or 0 for name, count in counts.items()}


GONE = dict.fromkeys(("users", "notes", "words", "tasks", "topics", "events"), 0)


async def test_an_account_that_goes_while_its_note_is_written(settings: Settings) -> None:
    """Nothing is left, and what the model says then is no error."""
    gate = asyncio.Event()
    async with staged(settings, [gate, json.dumps({"note": NOTE})]) as stage:
        server, model = stage.server, stage.models["gemini"]
        email = "ada@example.com"
        user = Client(url=server.url, token=succeeded(await register(server.nobody, email))["tokens"]["accessToken"])
        user_id = await user_id_of(user)
        await keys_set(user, gemini=KEY)
        await take(user)

        async def is_asked() -> bool:
            return bool(model.asked)

        await until(is_asked)
        with capture_logs() as logs:
            assert (await delete(user, email)).data["userDelete"]["__typename"] == "UserDeleteSuccess"
            gate.set()
            # Whoever comes next is served by the same worker.
            other = await server.user()
            note = await take(other)

            async def is_written() -> bool:
                return await status_of(other, note) == "READY"

            await until(is_written)
        assert await left_of(server.services.database, user_id) == GONE
        assert [status for status, _, _ in await note_tasks(server)] == ["SUCCEEDED"]
        assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []


async def bring_to(tx: Transaction, video_id: int) -> None:
    video = await tx.row(VideoRow, video_queries.lock(video_id))
    assert video is not None
    source = TranscriptSource.WORKER
    await results.keep_transcript(tx, video, fold_transcript(SPEECH), source=source, attempts=1)


async def test_an_account_that_goes_while_its_notes_are_dispatched(idle_server: Server) -> None:
    user, database = await idle_server.user("ada@example.com"), idle_server.services.database
    user_id, note = await user_id_of(user), await take(user, **NEW)
    async with asyncio.TaskGroup() as group, database.write() as tx:
        await bring_to(tx, row_id(note["video"]["id"]))
        deletion_ = group.create_task(delete(user, "ada@example.com"))
        await until(lambda: is_waited_for(database))
    assert deletion_.result().data["userDelete"]["__typename"] == "UserDeleteSuccess"
    assert await left_of(database, user_id) == GONE


async def test_notes_that_are_dispatched_while_their_account_goes(idle_server: Server) -> None:
    """Others' are written all the same."""
    user, other = await idle_server.user(), await idle_server.user()
    user_id, note, others = await user_id_of(user), await take(user, **NEW), await take(other, **NEW)
    database = idle_server.services.database
    async with asyncio.TaskGroup() as group, database.write() as tx:
        await tx.all(deletion.lock_tasks(user_id, "nobody"))
        await tx.first(deletion.lock_user(user_id))
        await tx.execute(deletion.delete_tasks(user_id, "nobody"))
        group.create_task(bring_transcript(idle_server, row_id(note["video"]["id"])))
        await until(lambda: is_waited_for(database))
        await tx.execute(deletion.forget_in_audit(user_id))
        await tx.execute(deletion.delete_user(user_id))
        topics = f"notes:{user_id}:"
        await tx.execute(deletion.delete_topics([t for (t,) in await tx.all(deletion.lock_topics_from(topics))]))
    left = await left_of(database, user_id)
    assert (left["users"], left["notes"], left["tasks"]) == (0, 0, 0)
    assert [payload["noteId"] for payload, _ in await tasks(idle_server)] == [row_id(others["id"])]
