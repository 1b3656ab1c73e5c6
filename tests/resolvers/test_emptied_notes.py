"""A note that its user emptied stays empty: editing never asks the assistant, and neither does what comes later."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import select

from db.models.tables import Note, Task
from services.notes import ai_notes
from services.settings import Settings
from tests.client import Client, Json
from tests.external_workers import ADMIN_TOKEN, guarded
from tests.notes import change, read, stored, take
from tests.resolvers.stored import row_id
from tests.resolvers.test_ai_notes import bring_transcript, status_of, switch, write
from tests.server import Server

pytestmark = pytest.mark.asyncio

NEW = {"video": {"youtube": "dQw4w9WgXcQ"}}
AWAITING = "query Awaiting($id: ID!) { notesAwaitingAi(videoId: $id) { totalCount nodes { id } } }"


@pytest_asyncio.fixture
async def idle_server(settings: Settings) -> AsyncGenerator[Server]:
    """One whose operator may ask."""
    async with guarded(settings) as server:
        yield server


async def tasks(server: Server) -> list[str]:
    """The notes that are to be written."""
    async with server.services.database.read() as reader:
        statement = select(Task.key).where(Task.kind == ai_notes.KIND, Task.status == "PENDING").order_by(Task.id)
        return [key for (key,) in await reader.all(statement)]


async def awaiting(server: Server, note: Json) -> list[str]:
    operator = Client(url=server.url, token=ADMIN_TOKEN)
    found = (await operator.execute(AWAITING, id=note["video"]["id"])).data["notesAwaitingAi"]
    assert found["totalCount"] == len(found["nodes"])
    return [str(row_id(one["id"])) for one in found["nodes"]]


async def test_a_transcript_leaves_out_what_its_user_emptied(idle_server: Server) -> None:
    user = await idle_server.user()
    emptied = [await take(user, text="Mine.", **NEW) for _ in range(2)]
    for note, nothing in zip(emptied, (None, ""), strict=True):
        await change(user, note, nothing)
    written = await take(user, **NEW)
    await change(user, written, "Mine after all.")
    await change(user, written, None)
    waiting = await take(user, **NEW)
    assert await awaiting(idle_server, waiting) == [str(row_id(waiting["id"]))]
    await bring_transcript(idle_server, row_id(waiting["video"]["id"]))
    assert await tasks(idle_server) == [str(row_id(waiting["id"]))]
    for note in (*emptied, written):
        found = await read(user, note["id"])
        assert found is not None
        assert (found["text"] or None, found["aiStatus"], found["generatedByAi"]) == (None, "NONE", False)


async def test_so_does_one_that_the_assistant_wrote(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, **NEW)
    video_id = row_id(note["video"]["id"])
    await bring_transcript(idle_server, video_id)
    assert await write(idle_server, note, "The assistant's.")
    await change(user, note, None)
    before = await read(user, note["id"])
    await bring_transcript(idle_server, video_id)
    assert await read(user, note["id"]) == before
    assert await tasks(idle_server) == []
    assert await awaiting(idle_server, note) == []


async def test_one_taken_without_the_switch_waits_from_when_it_is_on(idle_server: Server) -> None:
    user = await idle_server.user()
    await switch(user, on=False)
    note = await take(user, **NEW)
    emptied = await take(user, text="Mine.", **NEW)
    await change(user, emptied, None)
    assert await awaiting(idle_server, note) == []
    await switch(user, on=True)
    assert await awaiting(idle_server, note) == [str(row_id(note["id"]))]
    await bring_transcript(idle_server, row_id(note["video"]["id"]))
    assert await tasks(idle_server) == [str(row_id(note["id"]))]
    assert [await status_of(user, note), await status_of(user, emptied)] == ["PENDING", "NONE"]


async def test_what_is_awaited_is_what_a_transcript_sets_off(idle_server: Server) -> None:
    """Blanks are a text, and what failed is awaited."""
    user = await idle_server.user()
    blank, failed = await take(user, text="Mine.", **NEW), await take(user, **NEW)
    await change(user, blank, "  ")
    async with idle_server.services.database.write() as tx:
        await ai_notes.give_up(tx, row_id(failed["id"]))
    assert await awaiting(idle_server, failed) == [str(row_id(failed["id"]))]
    await bring_transcript(idle_server, row_id(failed["video"]["id"]))
    assert await tasks(idle_server) == [str(row_id(failed["id"]))]


async def test_a_note_is_taken_and_changed_at_one_moment_until_it_is_edited(idle_server: Server) -> None:
    """To the microsecond: by that it is known whether its user has changed it."""
    user = await idle_server.user()
    notes = [await take(user, text="Mine.") for _ in range(50)]
    untouched = select(Note.id).where(Note.updated_at == Note.created_at)
    async with idle_server.services.database.read() as reader:
        assert len(await reader.all(untouched)) == len(notes)
    await change(user, notes[0], "")
    before = await stored(idle_server)
    await change(user, notes[0], "")
    assert await stored(idle_server) == before
    async with idle_server.services.database.read() as reader:
        assert len(await reader.all(untouched)) == len(notes) - 1
