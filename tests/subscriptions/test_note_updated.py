"""`noteUpdated`: a user's notes on a video as they come, change and go."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import delete, update

from db.models.tables import Event, EventTopic, Note
from schema.types.nodes import global_id
from services.events.purge import purge
from services.notes import ai_notes
from services.notes.changes import NoteChange, announce, topic_of
from services.settings import Settings
from tests.client import Client, Json, StreamRefused
from tests.conditions import until
from tests.notes import FOLLOW, change, following, remove, some, take
from tests.protocols.streams.subscriber import asked
from tests.resolvers.stored import row_id, store_notes, user_id_of
from tests.server import Server, serving
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

MAKE_TOKEN = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"
ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    """Without a worker: the tests write what one would."""
    async with serving(settings, work=False) as server:
        yield server


async def sample(client: Client, youtube: str = "sample-tide") -> str:
    answer = await client.execute("query V($y: String!) { video(by: {youtube: $y}) { id } }", y=youtube)
    found: str = answer.data["video"]["id"]
    return found


def told(events: list[Json]) -> list[tuple[str, object]]:
    """Each with what its note says, or with its id when it is gone."""
    return [
        (event["__typename"].removeprefix("Note"), event["noteId"] if "noteId" in event else event["note"]["text"])
        for event in events
    ]


def texts(snapshot: Json) -> list[str]:
    assert snapshot["__typename"] == "NoteSnapshot"
    return [note["text"] for note in snapshot["notes"]["nodes"]]


async def write_as_the_assistant(server: Server, user: Client, note: Json, text: str) -> None:
    user_id, note_id, video_id = await user_id_of(user), row_id(note["id"]), row_id(note["video"]["id"])
    async with server.services.database.write() as tx:
        values = {"text": text, "ai_status": "READY", "generated_by_ai": True}
        await tx.execute(update(Note).where(Note.id == note_id).values(values))
        await announce(tx, user_id, video_id, note_id, NoteChange.CHANGED)


async def test_a_snapshot_and_then_all_that_happens(server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    first = await take(user, text="one")
    async with following(user, video) as events:
        snapshot = await anext(events)
        assert (texts(snapshot), snapshot["notes"]["totalCount"]) == (["one"], 1)
        assert snapshot["notes"]["nodes"] == [first]
        second = await take(user, text="two")
        created = await anext(events)
        assert created["note"] == second
        edited = await change(user, second, "two!")
        assert (await anext(events))["note"] == edited
        await remove(user, first)
        assert told(await some(events, 1)) == [("Deleted", first["id"])]
    async with following(user, video, created["position"]) as events:
        rest = await some(events, 2)
    assert told(rest) == [("Changed", "two!"), ("Deleted", first["id"])]
    positions = [int(event["position"]) for event in (snapshot, created, *rest)]
    assert positions == list(range(positions[0], positions[0] + 4))


async def test_nothing_yet_and_then_the_first(server: Server) -> None:
    user = await server.user()
    async with following(user, await sample(user)) as events:
        empty = await anext(events)
        assert empty["notes"] == {
            "totalCount": 0,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [],
        }
        await take(user, text="one")
        assert told(await some(events, 1)) == [("Created", "one")]
    async with following(user, await sample(user), empty["position"]) as events:
        # Of a topic that was not there yet nobody knows what came before.
        assert texts(await anext(events)) == ["one"]


async def test_the_assistant_writes(server: Server) -> None:
    user = await server.user()
    note = await take(user, text=None)
    async with following(user, await sample(user)) as events:
        await anext(events)
        await write_as_the_assistant(server, user, note, "Two bulges.")
        event = await anext(events)
    assert event["__typename"] == "NoteChanged"
    assert event["note"] | {"updatedAt": ""} == note | {
        "updatedAt": "",
        "text": "Two bulges.",
        "aiStatus": "READY",
        "generatedByAi": True,
    }


async def test_the_assistants_own_hand(server: Server) -> None:
    """From the note that waits to what is written in the end; and the program that took it is no other author."""
    user = await server.user()
    await user.execute("mutation { userUpdate(input: {aiNotesEnabled: true}) { __typename } }")
    program = replace(user, token=(await user.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"])
    async with following(user, await sample(user)) as events:
        await anext(events)
        note = await take(program, text=None)
        assert (await anext(events))["note"]["aiStatus"] == note["aiStatus"] == "PENDING"
        async with server.services.database.write() as tx:
            assert await ai_notes.keep_text(tx, row_id(note["id"]), "Two bulges.")
        changed = (await anext(events))["note"]
    assert (changed["text"], changed["aiStatus"], changed["generatedByAi"]) == ("Two bulges.", "READY", True)


async def test_what_came_meanwhile_is_not_lost_and_not_told_twice(server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    async with following(user, video) as events:
        await anext(events)
        await take(user, text="zero")
        position = (await anext(events))["position"]
    notes = [await take(user, text=f"note {n}") for n in range(3)]
    await change(user, notes[1], "changed")
    await remove(user, notes[0])
    expected = [
        # The first is gone by now, and its deletion tells so.
        ("Created", "changed"),
        ("Created", "note 2"),
        ("Changed", "changed"),
        ("Deleted", notes[0]["id"]),
    ]
    async with following(user, video, position) as events:
        missed = await some(events, 4)
        assert told(missed) == expected
        last = await take(user, text="last")
        assert (await anext(events))["note"] == last
    for index, event in enumerate(missed[:-1]):
        async with following(user, video, event["position"]) as events:
            assert told(await some(events, 3 - index)) == expected[index + 1 :]


async def test_a_note_that_is_gone_does_not_keep_its_follower(server: Server) -> None:
    """Followed live: taken and deleted in one transaction, so that its beginning is never told."""
    user = await server.user()
    video, user_id = await sample(user), await user_id_of(user)
    async with following(user, video) as events:
        await anext(events)
        async with server.services.database.write() as tx:
            for name in (NoteChange.CREATED, NoteChange.CHANGED, NoteChange.DELETED):
                await announce(tx, user_id, row_id(video), 999_999, name)
        gone = await anext(events)
        assert told([gone]) == [("Deleted", global_id("Note", 999_999))]
        await take(user, text="next")
        following_one = await anext(events)
    assert told([following_one]) == [("Created", "next")]
    assert int(following_one["position"]) == int(gone["position"]) + 1


async def test_positions_that_are_not_known_give_a_snapshot(server: Server) -> None:
    user = await server.user()
    video, user_id = await sample(user), await user_id_of(user)
    for text in ("one", "two"):
        await take(user, text=text)
    async with following(user, video) as events:
        latest = int((await anext(events))["position"])
    async with server.services.database.write() as tx:
        topic = topic_of(user_id, row_id(video))
        await tx.execute(update(EventTopic).where(EventTopic.topic == topic).values(floor=EventTopic.seq))
        await tx.execute(delete(Event).where(Event.topic == topic))
    for after in ("", "garbage", "-1", "0", str(latest + 1), str(latest - 1), "\u0663", "9" * 40):
        async with following(user, video, after) as events:
            snapshot = await anext(events)
            assert (texts(snapshot), snapshot["position"]) == (["one", "two"], str(latest)), after


async def test_a_topic_that_was_forgotten_gives_a_snapshot(server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    await take(user, text="one")
    async with following(user, video) as events:
        position = (await anext(events))["position"]
    await purge(server.services.database, -60)
    async with following(user, video, position) as events:
        assert texts(await anext(events)) == ["one"]
        await take(user, text="two")
        rest = await anext(events)
    assert told([rest]) == [("Created", "two")]
    assert int(rest["position"]) > int(position)


async def test_nobody_elses_notes_are_told(server: Server) -> None:
    ada, bob = await server.user(), await server.user()
    video = await sample(ada)
    hers = await take(ada, text="Ada's")
    async with following(bob, video) as events:
        position = (await anext(events))["position"]
        await change(ada, hers, "Ada's still")
        await remove(ada, await take(ada, text="Ada's second"))
        await take(bob, text="elsewhere", video={"youtube": "sample-heat"})
        await take(bob, text="Bob's")
        assert told(await some(events, 1)) == [("Created", "Bob's")]
    async with following(ada, video, position) as events:
        # A position of another user's stream is none of hers, or one of hers: never are Bob's notes told.
        assert texts(await anext(events)) == ["Ada's still"]


async def test_an_unknown_video_is_refused(server: Server) -> None:
    user = await server.user()
    note = await take(user, text="one")
    for unknown in ("", "nonsense", note["id"], global_id("Video", 999_999), "\0", "sample-tide"):
        with pytest.raises(StreamRefused) as refused:
            async with following(user, unknown) as events:
                await anext(events)
        assert refused.value.code == "NOT_FOUND"


@ONE_ENGINE
async def test_only_users_follow(server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    token = (await user.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"]
    program = Client(url=server.url, token=token)
    for client, code in (
        (server.nobody, "UNAUTHENTICATED"),
        (server.guest(), "UNAUTHENTICATED"),
        (program, "FORBIDDEN"),
    ):
        with pytest.raises(StreamRefused) as refused:
            async with following(client, video) as events:
                await anext(events)
        assert refused.value.code == code


async def test_a_session_that_ends_ends_the_stream(server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    async with asked(user, "sse", FOLLOW, id=video) as answer:
        payloads = answer.payloads()
        assert (await anext(payloads))["data"]["noteUpdated"]["__typename"] == "NoteSnapshot"
        await user.execute("mutation { sessionRevoke(input: {}) { __typename } }")
        (error,) = (await anext(payloads))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("form", ["sse", "multipart"])
async def test_over_http(server: Server, form: str) -> None:
    user = await server.user()
    video = await sample(user)
    async with asyncio.timeout(30), asked(user, form, FOLLOW, id=video) as answer:
        events = answer.events()
        assert texts(await anext(events)) == []
        note = await take(user, text="one")
        created = await anext(events)
        await remove(user, note)
        assert told([created, await anext(events)]) == [("Created", "one"), ("Deleted", note["id"])]
    async with asyncio.timeout(30), asked(user, form, FOLLOW, id=video, after=created["position"]) as answer:
        assert told([await anext(answer.events())]) == [("Deleted", note["id"])]


async def test_two_servers_on_one_database(settings: Settings, server: Server) -> None:
    user = await server.user()
    video = await sample(user)
    async with serving(settings, work=False) as elsewhere:
        there = replace(user, url=elsewhere.url)
        async with following(user, video) as near, following(there, video) as far:
            assert await anext(near) == await anext(far)
            for number, writer in enumerate((user, there) * 3):
                note = await take(writer, text=f"note {number}")
                await (remove(writer, note) if number % 2 else change(writer, note, "changed"))
            heard = [await until_told(events, 6) for events in (near, far)]
        assert [event["position"] for event in heard[0]] == sorted({event["position"] for event in heard[0]}, key=int)
        for mine in heard:
            kinds = [event["__typename"] for event in mine]
            assert (kinds.count("NoteChanged"), kinds.count("NoteDeleted")) == (3, 3)
        # Resumed at the other server from where it was left at this one.
        async with following(there, video, heard[0][-2]["position"]) as events:
            assert await anext(events) == heard[0][-1]


async def until_told(events: AsyncGenerator[Json], endings: int) -> list[Json]:
    """Until so many notes have been changed or deleted."""
    found: list[Json] = []
    while sum(event["__typename"] != "NoteCreated" for event in found) < endings:
        found.append(await anext(events))
    return found


async def test_a_snapshot_holds_ten_unless_asked_for_more_and_pages_on(server: Server) -> None:
    user = await server.user()
    video, user_id = await sample(user), await user_id_of(user)
    await store_notes(server, user_id, [row_id(video)], each=60)
    async with following(user, video) as events:
        snapshot = await anext(events)
    assert texts(snapshot) == [f"note {n}" for n in range(10)]
    assert (snapshot["notes"]["totalCount"], snapshot["notes"]["pageInfo"]["hasNextPage"]) == (60, True)
    on = "query On($id: ID!, $after: String) { video(by: {id: $id}) { notes(first: 50, after: $after) { nodes { text } } } }"
    rest = await user.execute(on, id=video, after=snapshot["notes"]["pageInfo"]["endCursor"])
    assert [note["text"] for note in rest.data["video"]["notes"]["nodes"]] == [f"note {n}" for n in range(10, 60)]


FEWER = """
subscription Fewer($id: ID!, $first: Int!, $after: String) {
  noteUpdated(videoId: $id) { ... on NoteSnapshot {
    notes(first: $first, after: $after) { nodes { text } pageInfo { hasNextPage hasPreviousPage endCursor } }
  } }
}
"""


async def test_a_snapshot_of_fewer(server: Server) -> None:
    user = await server.user()
    video, user_id = await sample(user), await user_id_of(user)
    await store_notes(server, user_id, [row_id(video)], each=5)
    async with user.socket() as socket:
        page = (await anext(socket.subscribe(FEWER, id=video, first=2)))["notes"]
        assert [note["text"] for note in page["nodes"]] == ["note 0", "note 1"]
        assert page["pageInfo"]["hasNextPage"]
    async with user.socket() as socket:
        beyond = (await anext(socket.subscribe(FEWER, id=video, first=3, after=page["pageInfo"]["endCursor"])))["notes"]
        assert [note["text"] for note in beyond["nodes"]] == ["note 2", "note 3", "note 4"]
        assert (beyond["pageInfo"]["hasNextPage"], beyond["pageInfo"]["hasPreviousPage"]) == (False, True)
    for first in (0, 51, -1):
        async with user.socket() as socket:
            with pytest.raises(StreamRefused) as refused:
                await anext(socket.subscribe(FEWER, id=video, first=first))
        assert refused.value.code == "BAD_USER_INPUT"


async def test_a_snapshot_costs_as_much_whatever_it_holds(server: Server) -> None:
    user = await server.user()
    video, user_id = await sample(user), await user_id_of(user)
    counts: list[int] = []
    for each in (1, 49):
        await store_notes(server, user_id, [row_id(video)], each=each)
        async with count_statements(server.services.database._engines) as statements:
            async with following(user, video) as events:
                await anext(events)
            counts.append(sum("notes" in statement for statement in statements))
    assert counts[0] == counts[1]


async def test_whoever_leaves_is_forgotten(server: Server) -> None:
    user = await server.user()

    async def nobody_follows() -> bool:
        return not server.services.log._feeds

    async with following(user, await sample(user)) as events:
        await anext(events)
    await until(nobody_follows)
