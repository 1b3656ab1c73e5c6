"""`noteRetry`: a note that the assistant did not write is asked for again."""

import asyncio

import pytest
from sqlalchemy import select, update

from db.models.tables import Note, Task, VideoPart
from services.notes import ai_notes
from services.settings import Settings
from tests.client import Client, Json
from tests.notes import RETRY, change, do, following, read, remove, some, stored, take
from tests.resolvers.stored import row_id
from tests.server import Server, serving
from tests.settings import settings_for

pytestmark = pytest.mark.asyncio

NEW = {"video": {"youtube": "dQw4w9WgXcQ"}}
NOT_FOUND = {"__typename": "NotFound", "message": "Note not found."}
SWITCH_OFF = "mutation { userUpdate(input: {aiNotesEnabled: false}) { __typename } }"
MAKE_TOKEN = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"


async def tasks(server: Server) -> list[str]:
    """How each stands that a note is to be written by."""
    async with server.services.database.read() as reader:
        statement = select(Task.status).where(Task.kind == ai_notes.KIND).order_by(Task.id)
        return [status for (status,) in await reader.all(statement)]


async def fail(server: Server, note: Json) -> None:
    """As when its task is dead."""
    async with server.services.database.write() as tx:
        await ai_notes.give_up(tx, row_id(note["id"]))
        dead = update(Task).where(Task.kind == ai_notes.KIND, Task.key == str(row_id(note["id"])))
        await tx.execute(dead.values(status="DEAD"))


async def retried(client: Client, note: Json) -> Json:
    answer = await do(client, RETRY, id=note["id"])
    assert answer["__typename"] == "NoteRetrySuccess", answer
    found: Json = answer["note"]
    return found


async def test_a_note_that_failed_is_written_anew(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    await fail(idle_server, note)
    async with following(user, note["video"]["id"]) as events:
        await anext(events)
        again = await retried(user, note)
        (told,) = await some(events, 1)
    assert (again["aiStatus"], again["text"], again["id"]) == ("PENDING", None, note["id"])
    assert (told["__typename"], told["note"]) == ("NoteChanged", again)
    assert await tasks(idle_server) == ["DEAD", "PENDING"]
    async with idle_server.services.database.write() as tx:
        assert await ai_notes.keep_text(tx, row_id(note["id"]), "Two bulges.")


async def test_a_note_that_its_user_emptied_is_written_when_they_say_so(idle_server: Server) -> None:
    user = await idle_server.user()
    for nothing in (None, ""):
        note = await take(user, text="Mine.")
        assert (await change(user, note, nothing))["aiStatus"] == "NONE"
        assert (await retried(user, note))["aiStatus"] == "PENDING"
    assert await tasks(idle_server) == ["PENDING", "PENDING"]


async def test_a_wish_counts_without_the_switch(idle_server: Server) -> None:
    user = await idle_server.user()
    await user.execute(SWITCH_OFF)
    note = await take(user)
    assert note["aiStatus"] == "NONE"
    assert (await retried(user, note))["aiStatus"] == "PENDING"
    assert await tasks(idle_server) == ["PENDING"]


async def test_many_at_once_make_one_task(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    await fail(idle_server, note)
    answers = await asyncio.gather(*(retried(user, note) for _ in range(20)))
    assert {answer["aiStatus"] for answer in answers} == {"PENDING"}
    assert await tasks(idle_server) == ["DEAD", "PENDING"]
    before = await stored(idle_server)
    assert (await retried(user, note))["aiStatus"] == "PENDING"
    assert await stored(idle_server) == before


async def test_one_that_waits_without_a_task_gets_one(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Task).where(Task.kind == ai_notes.KIND).values(status="DEAD"))
    assert (await retried(user, note))["aiStatus"] == "PENDING"
    assert await tasks(idle_server) == ["DEAD", "PENDING"]


async def test_what_is_written_stays(idle_server: Server) -> None:
    user = await idle_server.user()
    own, written = await take(user, text="Mine."), await take(user)
    async with idle_server.services.database.write() as tx:
        await ai_notes.keep_text(tx, row_id(written["id"]), "The assistant's.")
    before = await stored(idle_server)
    for note in (own, written):
        assert await retried(user, note) == await read(user, note["id"])
    assert await stored(idle_server) == before


async def test_a_stamp_that_is_no_time_stays_failed(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, timestamp="12:99")
    assert (await retried(user, note))["aiStatus"] == "FAILED"
    assert await tasks(idle_server) == []


async def test_without_a_transcript_nothing_begins(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, **NEW)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Note).values(ai_status="FAILED"))
    before = await stored(idle_server)
    answer = await do(user, RETRY, id=note["id"])
    assert (answer["__typename"], answer["video"]["id"]) == ("TranscriptNotReady", note["video"]["id"])
    assert await stored(idle_server) == before
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(VideoPart).where(VideoPart.part == "TRANSCRIPT").values(state="FAILED"))
    assert (await do(user, RETRY, id=note["id"]))["__typename"] == "TranscriptMissing"
    assert await stored(idle_server) == before


async def test_one_that_waits_for_the_transcript_goes_on(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, **NEW)
    before = await stored(idle_server)
    assert (await retried(user, note))["aiStatus"] == "PENDING"
    assert await stored(idle_server) == before


async def test_others_notes_are_not_found(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    note, gone = await take(ada), await take(bob)
    await fail(idle_server, note)
    await remove(bob, gone)
    token = (await ada.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"]
    before = await stored(idle_server)
    for one in (note["id"], gone["id"], note["video"]["id"], "", "nonsense", "Tm90ZTo5OTk5OTk"):
        assert await do(bob, RETRY, id=one) == NOT_FOUND
    for client, code in (
        (idle_server.nobody, "UNAUTHENTICATED"),
        (idle_server.guest(), "UNAUTHENTICATED"),
        (Client(url=idle_server.url, token=token), "FORBIDDEN"),
    ):
        assert (await client.execute(RETRY, id=note["id"])).code == code
    assert await stored(idle_server) == before


async def test_of_a_wish_and_an_edit_the_edit_wins(idle_server: Server) -> None:
    user = await idle_server.user()
    notes = [await take(user) for _ in range(10)]
    for note in notes:
        await fail(idle_server, note)
    await asyncio.gather(*(act for note in notes for act in (retried(user, note), change(user, note, "Mine."))))
    for note in notes:
        found = await read(user, note["id"])
        assert found is not None
        assert (found["text"], found["aiStatus"]) == ("Mine.", "NONE")


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_it_has_the_rate_of_most(settings: Settings) -> None:
    changes = {"rate_limit_enabled": True, "rate_limit_default": "2/minute"}
    async with serving(settings_for(settings.database_url, settings.data_dir, **changes), work=False) as server:
        user = await server.user()
        note = await take(user)
        answers = [await user.execute(RETRY, id=note["id"]) for _ in range(3)]
        assert ["errors" in answer.body for answer in answers] == [False, False, True]
        assert answers[-1].code == "RATE_LIMITED"
