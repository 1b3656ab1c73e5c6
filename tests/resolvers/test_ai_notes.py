"""Which notes the assistant is asked to write, and what becomes of them when their owner, or the video, changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from db.engine import open_engines
from db.models.tables import Note, SearchEntry, Task, VideoPart
from db.queries import videos as video_queries
from db.queries.notes import COLUMNS, NoteRow
from db.queries.videos import VideoRow
from db.search_index import fold_transcript
from db.sessions import Sessions
from services.llm.chat_model import Segment
from services.notes import ai_notes
from services.settings import Settings
from services.videos import results
from services.videos.results import TranscriptSource
from tests.client import Client, Json
from tests.notes import change, following, read, remove, some, stored, take
from tests.resolvers.stored import StoredVideo, row_id, store, user_id_of
from tests.server import Server
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

MOMENT = datetime(2026, 5, 1, tzinfo=UTC)
SPEECH = [
    Segment(start_seconds=30.0 * at, duration_seconds=30.0, text=f"Sentence {at} of the speech says something plain.")
    for at in range(40)
]
SWITCH = """
mutation Switch($on: Boolean!) {
  userUpdate(input: {aiNotesEnabled: $on}) { ... on UserUpdateSuccess { user { aiNotesEnabled } } }
}
"""


async def tasks(server: Server) -> list[tuple[dict[str, object], str]]:
    """What is asked for, and how each such task stands."""
    statement = select(Task.payload, Task.status).where(Task.kind == ai_notes.KIND).order_by(Task.id)
    async with server.services.database.read() as reader:
        return [(payload, status) for payload, status in await reader.all(statement)]


async def status_of(client: Client, note: Json) -> str:
    found = await read(client, note["id"])
    assert found is not None
    status: str = found["aiStatus"]
    return status


async def switch(client: Client, *, on: bool) -> None:
    assert (await client.execute(SWITCH, on=on)).data["userUpdate"]["user"]["aiNotesEnabled"] is on


async def bring_transcript(server: Server, video_id: int, segments: Sequence[Segment] = SPEECH) -> None:
    async with server.services.database.write() as tx:
        video = await tx.row(VideoRow, video_queries.lock(video_id))
        assert video is not None
        await results.keep_transcript(tx, video, fold_transcript(segments), source=TranscriptSource.WORKER, attempts=1)


async def write(server: Server, note: Json, text: str) -> bool:
    async with server.services.database.write() as tx:
        return await ai_notes.keep_text(tx, row_id(note["id"]), text)


async def test_a_note_without_text_is_to_be_written(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text=" \n ", timestamp=" 1:05 ")
    assert (note["aiStatus"], note["text"], note["generatedByAi"]) == ("PENDING", None, False)
    payload = {
        "noteId": row_id(note["id"]),
        "userId": await user_id_of(user),
        "videoId": row_id(note["video"]["id"]),
        "timestamp": "1:05",
    }
    assert await tasks(idle_server) == [(payload, "PENDING")]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"text": "Mine."}, "NONE"), ({"timestamp": "at 12:99"}, "FAILED"), ({"timestamp": "1:2:3:4"}, "FAILED")],
)
async def test_what_keeps_a_note_from_being_written(idle_server: Server, fields: Json, status: str) -> None:
    note = await take(await idle_server.user(), **fields)
    assert note["aiStatus"] == status
    assert await tasks(idle_server) == []


async def test_a_user_may_want_none_written(idle_server: Server) -> None:
    user = await idle_server.user()
    await switch(user, on=False)
    for fields in ({}, {"timestamp": "12:99"}, {"video": {"youtube": "dQw4w9WgXcQ"}}):
        assert (await take(user, **fields))["aiStatus"] == "NONE"
    assert await tasks(idle_server) == []


async def test_a_note_waits_for_the_transcript(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, video={"youtube": "dQw4w9WgXcQ"})
    assert note["aiStatus"] == "PENDING"
    assert await tasks(idle_server) == []
    await bring_transcript(idle_server, row_id(note["video"]["id"]))
    ((payload, status),) = await tasks(idle_server)
    assert (payload["noteId"], status) == (row_id(note["id"]), "PENDING")
    assert await status_of(user, note) == "PENDING"


async def test_a_transcript_sets_off_all_that_are_empty(idle_server: Server) -> None:
    """Whatever their status; by the switch and the stamps as they are now."""
    writer, late, never = [await idle_server.user() for _ in range(3)]
    await switch(late, on=False)
    (video_id,) = await store(idle_server, StoredVideo())
    ids = {name: await user_id_of(user) for name, user in (("writer", writer), ("late", late), ("never", never))}
    rows: list[dict[str, object]] = [
        {"user_id": ids["writer"], "timestamp": "0:30", "text": None, "ai_status": "PENDING"},
        {"user_id": ids["writer"], "timestamp": "1:30", "text": "", "ai_status": "FAILED"},
        {"user_id": ids["writer"], "timestamp": "2:30", "text": "Own.", "ai_status": "NONE"},
        {"user_id": ids["writer"], "timestamp": "12:99", "text": None, "ai_status": "PENDING"},
        {"user_id": ids["late"], "timestamp": "3:30", "text": None, "ai_status": "NONE"},
        {"user_id": ids["never"], "timestamp": "4:30", "text": None, "ai_status": "NONE"},
    ]
    await switch(late, on=True)
    await switch(never, on=False)
    async with idle_server.services.database.write() as tx:
        untouched = {"created_at": MOMENT, "updated_at": MOMENT}
        await tx.execute(insert(Note), [{"video_id": video_id, **untouched, **row} for row in rows])
    await bring_transcript(idle_server, video_id)
    assert [payload["timestamp"] for payload, _ in await tasks(idle_server)] == ["0:30", "1:30", "3:30"]
    async with idle_server.services.database.read() as reader:
        statuses = await reader.all(select(Note.timestamp, Note.ai_status).order_by(Note.id))
    assert [status for _, status in statuses] == ["PENDING", "PENDING", "NONE", "FAILED", "PENDING", "NONE"]


async def test_thousands_are_set_off_in_few_statements(idle_server: Server, settings: Settings) -> None:
    user_id = await user_id_of(await idle_server.user())
    (video_id,) = await store(idle_server, StoredVideo())
    async with idle_server.services.database.write() as tx:
        notes = [
            {"user_id": user_id, "video_id": video_id, "timestamp": f"{at // 60}:{at % 60:02}", "ai_status": "FAILED"}
            for at in range(2_500)
        ]
        await tx.execute(insert(Note), notes)
    engines = open_engines(settings.database_url, pool_size=2)
    try:
        async with count_statements(engines) as statements, Sessions(engines, lambda _: None).write() as tx:
            assert await ai_notes.dispatch(tx, video_id) == 2_500
        assert len(statements) <= 8, statements
        async with Sessions(engines, lambda _: None).read() as reader:
            due = [
                at
                for (at,) in await reader.all(select(Task.run_at).where(Task.kind == ai_notes.KIND).order_by(Task.id))
            ]
    finally:
        await engines.close()
    assert len(due) == 2_500
    waves = sorted(set(due))
    # Between two waves there is room for what else is to be done for videos.
    assert len(waves) == -(-2_500 // ai_notes.WAVE)
    assert (waves[1] - waves[0]).total_seconds() == ai_notes.WAVE_SECONDS


async def test_without_a_transcript_those_that_wait_fail(idle_server: Server) -> None:
    user, other = await idle_server.user(), await idle_server.user()
    video: Json = {"video": {"youtube": "dQw4w9WgXcQ"}}
    note, own, others = await take(user, **video), await take(user, text="Mine.", **video), await take(other, **video)
    video_id = row_id(note["video"]["id"])
    async with following(user, note["video"]["id"]) as events:
        await anext(events)
        async with idle_server.services.database.write() as tx:
            await ai_notes.on_transcript_failed(tx, video_id)
        (told,) = await some(events, 1)
    assert (told["__typename"], told["note"]["id"], told["note"]["aiStatus"]) == ("NoteChanged", note["id"], "FAILED")
    assert [await status_of(user, note), await status_of(user, own), await status_of(other, others)] == [
        "FAILED",
        "NONE",
        "FAILED",
    ]


async def test_a_late_failure_harms_none_that_are_being_written(idle_server: Server) -> None:
    """As when somebody brings the transcript while the fetching of it fails."""
    user = await idle_server.user()
    note = await take(user, video={"youtube": "dQw4w9WgXcQ"})
    await bring_transcript(idle_server, row_id(note["video"]["id"]))
    before = await stored(idle_server)
    async with idle_server.services.database.write() as tx:
        await ai_notes.on_transcript_failed(tx, row_id(note["video"]["id"]))
    assert await stored(idle_server) == before


async def test_a_note_on_a_video_whose_transcript_failed_does_not_wait(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, video={"youtube": "dQw4w9WgXcQ"}, text="Mine.")
    video_id = row_id(note["video"]["id"])
    async with idle_server.services.database.write() as tx:
        # All is there but a transcript, and nothing is scheduled for it.
        await tx.execute(update(VideoPart).where(VideoPart.part == "TRANSCRIPT").values(state="FAILED"))
        added = insert(Note).values(user_id=await user_id_of(user), video_id=video_id, timestamp="1:05")
        row = await tx.row(NoteRow, added.returning(*COLUMNS))
        assert row is not None
        created = await ai_notes.on_created(tx, row, await user_id_of(user))
    assert created.ai_status == "FAILED"
    assert await tasks(idle_server) == []


async def test_the_text_is_kept_told_and_found(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    async with following(user, note["video"]["id"]) as events:
        await anext(events)
        assert await write(idle_server, note, "The pull differs across the Earth.")
        (told,) = await some(events, 1)
    assert told["__typename"] == "NoteChanged"
    found = told["note"]
    assert (found["text"], found["aiStatus"], found["generatedByAi"]) == (
        "The pull differs across the Earth.",
        "READY",
        True,
    )
    async with idle_server.services.database.read() as reader:
        indexed = await reader.all(select(SearchEntry.kind).where(SearchEntry.note_id == row_id(note["id"])))
    assert [kind for (kind,) in indexed] == ["NOTE"]


async def test_a_user_who_writes_first_is_not_overwritten(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    await change(user, note, "Mine.")
    assert [status for _, status in await tasks(idle_server)] == ["CANCELLED"]
    before = await stored(idle_server)
    assert not await write(idle_server, note, "The assistant's.")
    assert await stored(idle_server) == before


async def test_a_note_is_written_once(idle_server: Server) -> None:
    note = await take(await idle_server.user())
    assert await write(idle_server, note, "The first.")
    before = await stored(idle_server)
    assert not await write(idle_server, note, "The second.")
    assert await stored(idle_server) == before


async def test_editing_asks_for_nothing(idle_server: Server) -> None:
    """Not even when no text is left."""
    user = await idle_server.user()
    note = await take(user, text="Mine.")
    changed = await change(user, note, None)
    assert (changed["text"], changed["aiStatus"]) == (None, "NONE")
    written = await take(user)
    assert await write(idle_server, written, "The assistant's.")
    assert (await change(user, written, None))["aiStatus"] == "NONE"
    assert [status for _, status in await tasks(idle_server)] == ["CANCELLED"]


async def test_a_deleted_note_is_not_asked_for(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    await remove(user, note)
    assert [status for _, status in await tasks(idle_server)] == ["CANCELLED"]
    before = await stored(idle_server)
    assert not await write(idle_server, note, "The assistant's.")
    assert await stored(idle_server) == before
