"""`noteUpdate` and `noteDelete`."""

import asyncio

import pytest
from sqlalchemy import select, update

from db.models.tables import Note, SearchEntry, Task
from services.notes import ai_notes
from tests.client import Client, Json
from tests.notes import CHANGE, DELETE, change, do, read, remove, stored, take
from tests.resolvers.stored import row_id
from tests.server import Server

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
NOT_FOUND = {"__typename": "NotFound", "message": "Note not found."}


async def indexed(server: Server, note_id: str) -> list[str]:
    """The text by which the note is found."""
    statement = select(SearchEntry.text).where(SearchEntry.note_id == row_id(note_id))
    async with server.services.database.read() as reader:
        return [row.text for row in await reader.all(statement)]


async def set_row(server: Server, note_id: str, **values: object) -> None:
    async with server.services.database.write() as tx:
        await tx.execute(update(Note).where(Note.id == row_id(note_id)).values(**values))


async def test_a_text_is_kept_as_it_is_sent(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="before")
    longest = "x" * 10_000
    for text in ("  two bulges \n", "", " ", "\t", longest, "été 潮", None):
        changed = await change(user, note, text)
        assert changed["text"] == text
        assert changed == await read(user, note["id"])
        assert changed | {"text": "", "updatedAt": ""} == note | {"text": "", "updatedAt": ""}
        assert changed["updatedAt"] >= note["updatedAt"]


async def test_nothing_to_change_is_refused(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="before")
    before = await stored(idle_server)
    assert await do(user, CHANGE, id=note["id"], patch={}) == {
        "__typename": "InvalidInput",
        "message": "Say what is to change.",
        "problems": [{"path": ["patch"], "code": "REQUIRED", "message": "Say what is to change."}],
    }
    for wrong in (None, {"generatedByAi": False}, {"text": 5}, {"text": ["a"]}, "text"):
        assert (await user.execute(CHANGE, id=note["id"], patch=wrong)).code == "BAD_USER_INPUT"
    assert await stored(idle_server) == before


@ONE_ENGINE
async def test_a_text_has_its_limits(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="before")
    before = await stored(idle_server)
    for text, code in (("x" * 10_001, "TOO_LONG"), ("nu\0l", "INVALID_CHARACTER"), ("\ud83d", "INVALID_CHARACTER")):
        (problem,) = (await do(user, CHANGE, id=note["id"], patch={"text": text}))["problems"]
        assert (problem["path"], problem["code"]) == (["patch", "text"], code)
    assert await stored(idle_server) == before


async def test_a_text_that_is_changed_is_the_users_own(idle_server: Server) -> None:
    user = await idle_server.user()
    for text in ("Mine.", "", None):
        note = await take(user, text="before")
        await set_row(idle_server, note["id"], text="The assistant's.", ai_status="READY", generated_by_ai=True)
        changed = await change(user, note, text)
        assert (changed["text"], changed["generatedByAi"], changed["aiStatus"]) == (text, False, "NONE")


async def test_the_same_text_again_changes_nothing(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="before")
    await set_row(idle_server, note["id"], text="The assistant's.", ai_status="READY", generated_by_ai=True)
    before = await stored(idle_server)
    again = await change(user, note, "The assistant's.")
    assert (again["generatedByAi"], again["aiStatus"]) == (True, "READY")
    assert await stored(idle_server) == before


async def test_editing_never_asks_the_assistant(idle_server: Server) -> None:
    """Even where the text is gone, and the assistant may write (AI notes are on, and the transcript is there)."""
    user = await idle_server.user()
    await user.execute("mutation { userUpdate(input: {aiNotesEnabled: true}) { __typename } }")
    note = await take(user, text="before")
    for text in (None, "", "again", None):
        assert (await change(user, note, text))["aiStatus"] == "NONE"
    async with idle_server.services.database.read() as reader:
        kinds = {row.kind for row in await reader.all(select(Task.kind))}
    assert "write_note" not in kinds


async def test_what_the_user_writes_takes_the_work_from_the_assistant(idle_server: Server) -> None:
    user = await idle_server.user()
    await user.execute("mutation { userUpdate(input: {aiNotesEnabled: true}) { __typename } }")
    for act in ("change", "delete"):
        note = await take(user, text=None)
        assert note["aiStatus"] == "PENDING"
        await (change(user, note, "Mine.") if act == "change" else remove(user, note))
        async with idle_server.services.database.read() as reader:
            task = select(Task.status).where(Task.kind == "write_note", Task.key == str(row_id(note["id"])))
            assert await reader.scalar(task) not in {"PENDING", "RUNNING"}


async def test_the_search_follows(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="Two BULGES, Étale")
    assert await indexed(idle_server, note["id"]) == ["Two BULGES, Étale"]
    await change(user, note, "spring tide")
    assert await indexed(idle_server, note["id"]) == ["spring tide"]
    await change(user, note, None)
    assert await indexed(idle_server, note["id"]) == []
    await change(user, note, "neap tide")
    await remove(user, note)
    assert await indexed(idle_server, note["id"]) == []
    wordless = await take(user, text=None)
    assert await indexed(idle_server, wordless["id"]) == []


async def test_a_note_is_deleted_once(idle_server: Server) -> None:
    user = await idle_server.user()
    note, other = await take(user, text="gone"), await take(user, text="stays")
    await remove(user, note)
    assert await read(user, note["id"]) is None
    assert await do(user, DELETE, id=note["id"]) == NOT_FOUND
    assert await do(user, CHANGE, id=note["id"], patch={"text": "back"}) == NOT_FOUND
    assert (await read(user, other["id"])) == other


@ONE_ENGINE
async def test_the_id_that_was_deleted_is_told_as_the_server_writes_it(idle_server: Server) -> None:
    user = await idle_server.user()
    notes = [await take(user, text="gone") for _ in range(10)]
    (padded,) = [f"{note['id']}==" for note in notes if len(note["id"]) % 4]
    assert await do(user, DELETE, id=padded) == {"__typename": "NoteDeleteSuccess", "deletedId": padded.rstrip("=")}


async def unknown_ids(server: Server, note: str) -> list[str]:
    video = (await server.guest().execute('{ video(by: {youtube: "sample-tide"}) { id } }')).data["video"]["id"]
    return [note, video, "", "nonsense", "Tm90ZTo5OTk5OTk", "Tm90ZTow", "Tm90ZTotMQ"]


async def test_what_is_another_users_or_unknown_is_not_found(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    note = await take(ada, text="Ada's")
    before = await stored(idle_server)
    for one in await unknown_ids(idle_server, note["id"]):
        assert await do(bob, CHANGE, id=one, patch={"text": "Bob's"}) == NOT_FOUND
        assert await do(bob, DELETE, id=one) == NOT_FOUND
    assert await stored(idle_server) == before


MAKE_TOKEN = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"


async def test_only_users_change_and_delete(idle_server: Server) -> None:
    user = await idle_server.user()
    token = (await user.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"]
    note = await take(user, text="before")
    before = await stored(idle_server)
    for client, code in (
        (idle_server.nobody, "UNAUTHENTICATED"),
        (idle_server.guest(), "UNAUTHENTICATED"),
        (Client(url=idle_server.url, token=token), "FORBIDDEN"),
    ):
        assert (await client.execute(CHANGE, id=note["id"], patch={"text": "x"})).code == code
        assert (await client.execute(DELETE, id=note["id"])).code == code
    assert await stored(idle_server) == before


async def test_of_many_who_delete_one_does(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="before")
    writes = [do(user, CHANGE, id=note["id"], patch={"text": f"text {n}"}) for n in range(5)]
    results = await asyncio.gather(*(do(user, DELETE, id=note["id"]) for _ in range(5)), *writes)
    kinds = [result["__typename"] for result in results]
    assert kinds[:5].count("NoteDeleteSuccess") == 1
    assert set(kinds) <= {"NoteDeleteSuccess", "NotFound", "NoteUpdateSuccess"}
    assert await read(user, note["id"]) is None
    assert await indexed(idle_server, note["id"]) == []


async def test_of_the_user_and_the_assistant_the_user_wins(idle_server: Server) -> None:
    """Whoever comes first."""
    user = await idle_server.user()
    await user.execute("mutation { userUpdate(input: {aiNotesEnabled: true}) { __typename } }")

    async def write_as_the_assistant(note: Json) -> None:
        async with idle_server.services.database.write() as tx:
            await ai_notes.keep_text(tx, row_id(note["id"]), "The assistant's.")

    notes = [await take(user, text=None) for _ in range(10)]
    assert {note["aiStatus"] for note in notes} == {"PENDING"}
    await asyncio.gather(
        *(act for note in notes for act in (write_as_the_assistant(note), change(user, note, "Mine.")))
    )
    for note in notes:
        found = await read(user, note["id"])
        assert found is not None
        assert (found["text"], found["generatedByAi"], found["aiStatus"]) == ("Mine.", False, "NONE")
        assert await indexed(idle_server, note["id"]) == ["Mine."]
