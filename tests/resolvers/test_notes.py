"""`noteCreate`, `Video.notes` and `User.notes`."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from db.models.tables import Note, Task, User, Video
from services.videos.processing import LANE
from tests.client import Answer, Client, Json
from tests.resolvers.stored import StoredVideo, row_id, store, store_at_one_moment, store_notes, user_id_of
from tests.server import Server

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
CREATE = """
mutation Create($input: NoteCreateInput!) {
  noteCreate(input: $input) {
    __typename
    ... on NoteCreateSuccess { note {
      id timestamp startSeconds text aiStatus generatedByAi jumpUrl createdAt updatedAt
      video { id youtubeId title processing { metadata { state attempts } transcript { state } summary { state } } }
    } }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
ON_VIDEO = """
query On($by: VideoRef!, $first: Int! = 10, $after: String) {
  video(by: $by) { notes(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { text timestamp }
  } }
}
"""
OWN = """
query Own($first: Int! = 10, $after: String) {
  viewer { user { notes(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { text video { youtubeId } }
  } } }
}
"""
YOUTUBE = {"youtube": "dQw4w9WgXcQ"}


async def create(client: Client, **fields: object) -> Json:
    answer = await client.execute(CREATE, input={"video": YOUTUBE, "timestamp": "1:05"} | fields)
    result: Json = answer.data["noteCreate"]
    return result


async def created(client: Client, **fields: object) -> Json:
    result = await create(client, **fields)
    assert result["__typename"] == "NoteCreateSuccess", result
    note: Json = result["note"]
    return note


async def problems(client: Client, **fields: object) -> set[tuple[str, str]]:
    result = await create(client, **fields)
    assert result["__typename"] == "InvalidInput", result
    assert all(problem["message"].endswith(".") for problem in result["problems"])
    return {(".".join(problem["path"]), problem["code"]) for problem in result["problems"]}


async def count_of(server: Server, table: type[Note | Video]) -> int:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(table)) or 0


async def tasks_of_videos(server: Server) -> list[tuple[str, str]]:
    """Their kinds and states; there are others, such as the mail that follows a registration."""
    async with server.services.database.read() as reader:
        return [*await reader.all(select(Task.kind, Task.status).where(Task.lane == LANE).order_by(Task.id))]


async def test_a_note_on_a_new_video(idle_server: Server) -> None:
    user = await idle_server.user()
    before = datetime.now(UTC)
    note = await created(user, text="  What a rhyme!\n", title="  The song ")
    assert note | {"id": "", "createdAt": "", "updatedAt": "", "video": ""} == {
        "id": "",
        "video": "",
        "timestamp": "1:05",
        "startSeconds": 65.0,
        "text": "What a rhyme!",
        "aiStatus": "NONE",
        "generatedByAi": False,
        "jumpUrl": "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s",
        "createdAt": "",
        "updatedAt": "",
    }
    assert note["createdAt"] == note["updatedAt"]
    assert note["createdAt"].endswith("+00:00")
    assert abs((datetime.fromisoformat(note["createdAt"]) - before).total_seconds()) < 60
    waiting = {"state": "PENDING"}
    assert note["video"] | {"id": ""} == {
        "id": "",
        "youtubeId": "dQw4w9WgXcQ",
        "title": "The song",
        "processing": {"metadata": waiting | {"attempts": 0}, "transcript": waiting, "summary": waiting},
    }
    answer = await user.execute("query Q($id: ID!) { node(id: $id) { ... on Note { text timestamp } } }", id=note["id"])
    assert answer.data["node"] == {"text": "What a rhyme!", "timestamp": "1:05"}


async def test_another_note_finds_the_video_and_its_tasks(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    untitled = await created(ada)
    assert (untitled["text"], untitled["video"]["title"]) == (None, None)
    titled = await created(bob, video={"youtube": "https://youtu.be/dQw4w9WgXcQ?t=5"}, title="First given")
    again = await created(ada, video={"id": titled["video"]["id"]}, title="Second given")
    assert untitled["video"]["id"] == titled["video"]["id"] == again["video"]["id"]
    assert titled["video"]["title"] == again["video"]["title"] == "First given"
    assert (await create(ada, title="Third"))["note"]["video"]["title"] == "First given"
    unnamed = await created(ada, video={"youtube": "AAAAAAAAAAA"})
    named = await created(bob, video={"id": unnamed["video"]["id"]}, title="By its id")
    assert (named["video"]["id"], named["video"]["title"]) == (unnamed["video"]["id"], "By its id")
    async with idle_server.services.database.read() as reader:
        of_video = Task.key == str(row_id(titled["video"]["id"]))
        tasks = await reader.all(select(Task.kind, Task.status).where(of_video).order_by(Task.kind))
        assert list(tasks) == [("fetch_metadata", "PENDING"), ("fetch_transcript", "PENDING")]


async def test_notes_at_the_same_time_make_one_video(idle_server: Server) -> None:
    users = [await idle_server.user() for _ in range(3)]
    notes = await asyncio.gather(*(created(user, title=f"Title {n}") for n, user in enumerate(users * 4)))
    assert len({note["id"] for note in notes}) == 12
    (title,) = {note["video"]["title"] for note in notes}
    assert title.startswith("Title")
    assert await count_of(idle_server, Video) == 4
    assert len(await tasks_of_videos(idle_server)) == 2


async def test_what_was_tried_in_vain_is_tried_again(idle_server: Server) -> None:
    user = await idle_server.user()
    await created(user)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Task).values(status="DEAD"))
        await tx.execute(update(Video).where(~Video.is_sample).values(details={"title": "Known by now"}))
    assert (await created(user))["video"]["title"] == "Known by now"
    tasks = await tasks_of_videos(idle_server)
    live = [kind for kind, status in tasks if status == "PENDING"]
    assert (len(tasks), live) == (3, ["fetch_transcript"])


async def test_a_note_on_a_sample_fetches_nothing_and_links_nowhere(idle_server: Server) -> None:
    note = await created(await idle_server.user(), video={"youtube": "sample-tide"}, title="Mine")
    assert (note["jumpUrl"], note["startSeconds"]) == (None, 65.0)
    assert note["video"]["title"] not in {None, "Mine"}
    assert note["video"]["processing"]["summary"] == {"state": "READY"}
    assert await tasks_of_videos(idle_server) == [("write_note", "PENDING")]


@ONE_ENGINE
async def test_blank_text_is_no_text(idle_server: Server) -> None:
    user = await idle_server.user()
    for blank in (None, "", "  ", "\n\t\u3000"):
        assert (await created(user, text=blank, title=blank))["text"] is None
    assert len((await created(user, text="x" * 10_000))["text"]) == 10_000
    assert (await created(user, text=" a\n b "))["text"] == "a\n b"


@ONE_ENGINE
async def test_a_timestamp_has_a_colon_and_two_digits(idle_server: Server) -> None:
    user = await idle_server.user()
    seconds = {
        "0:00": 0,
        "00:00": 0,
        "1:05": 65,
        "75:10": 4510,
        "1:02:03": 3723,
        "100:00:00": 360_000,
        "1:x2": None,
        "99:99:99:99": None,
        "12:": None,
        ":12": None,
        "5:99": None,
        "1:75:00": None,
        "-1:05": None,
        "1.5:00": None,
        "1:05 or 2:10": None,
        "٣:٤": None,
    }
    for text, start in seconds.items():
        note = await created(user, timestamp=text)
        assert (note["timestamp"], note["startSeconds"]) == (text, start)
        assert note["jumpUrl"] == (None if start is None else f"https://www.youtube.com/watch?v=dQw4w9WgXcQ&t={start}s")
    assert (await created(user, timestamp=" 1:05\n"))["timestamp"] == "1:05"
    for text in ("123", "a:b", "1:", "x", ":", "12"):
        assert await problems(user, timestamp=text) == {("timestamp", "INVALID_FORMAT")}, text
    for blank in ("", "   "):
        assert await problems(user, timestamp=blank) == {("timestamp", "REQUIRED")}
    assert await problems(user, timestamp="1:05" + "0" * 29) == {("timestamp", "TOO_LONG")}
    assert (await created(user, timestamp="1:05" + "0" * 28))["startSeconds"] is None


@ONE_ENGINE
async def test_every_problem_is_told_at_once_and_nothing_is_stored(idle_server: Server) -> None:
    user = await idle_server.user()
    wrong = {"timestamp": "noon", "text": "x" * 10_001, "title": "x" * 301, "video": {"youtube": "not-a-video-id"}}
    assert await problems(user, **wrong) == {
        ("video.youtube", "INVALID_FORMAT"),
        ("timestamp", "INVALID_FORMAT"),
        ("text", "TOO_LONG"),
        ("title", "TOO_LONG"),
    }
    assert await problems(user, video={"youtube": "not-a-video-id"}) == {("video.youtube", "INVALID_FORMAT")}
    assert await problems(user, video={"youtube": ""}) == {("video.youtube", "REQUIRED")}
    assert await problems(user, text="nu\0l", title="\0", timestamp="1:0\0") == {
        ("timestamp", "INVALID_CHARACTER"),
        ("text", "INVALID_CHARACTER"),
        ("title", "INVALID_CHARACTER"),
    }
    assert await count_of(idle_server, Note) == 0
    assert await count_of(idle_server, Video) == 3
    assert await tasks_of_videos(idle_server) == []


@ONE_ENGINE
async def test_half_a_character_is_refused(idle_server: Server) -> None:
    user = await idle_server.user()
    assert await problems(user, timestamp="1:0\ud83d", text="\udc00", title="\ud83d\ud83d") == {
        ("timestamp", "INVALID_CHARACTER"),
        ("text", "INVALID_CHARACTER"),
        ("title", "INVALID_CHARACTER"),
    }
    assert await problems(user, video={"youtube": "\ud800"}) == {("video.youtube", "INVALID_FORMAT")}
    answer = await user.execute(CREATE, input={"video": {"youtube": "\ud800"}, "timestamp": {"\ud800": 1}})
    assert answer.code == "BAD_USER_INPUT"


@ONE_ENGINE
async def test_an_unknown_video_is_not_found(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await created(user)
    for unknown in ("", "nonsense", "VmlkZW86OTk5OTk5", note["id"], await own_id(user), "VmlkZW86MQ==" * 100):
        result = await create(user, video={"id": unknown})
        assert result == {"__typename": "NotFound", "message": "Video not found."}, unknown
    assert await count_of(idle_server, Note) == 1


async def own_id(user: Client) -> str:
    found: str = (await user.execute("{ viewer { user { id } } }")).data["viewer"]["user"]["id"]
    return found


@ONE_ENGINE
async def test_the_input_is_strict(idle_server: Server) -> None:
    user = await idle_server.user()
    note = {"video": YOUTUBE, "timestamp": "1:05"}
    for wrong in (
        None,
        {},
        {"timestamp": "1:05"},
        {"video": YOUTUBE},
        note | {"timestamp": None},
        note | {"timestamp": 65},
        note | {"text": ["a"]},
        note | {"generatedByAi": True},
        note | {"video": None},
        note | {"video": {}},
        note | {"video": {"id": None}},
        note | {"video": {"youtube": None}},
        note | {"video": {"id": "VmlkZW86MQ", "youtube": "dQw4w9WgXcQ"}},
        note | {"video": {"id": None, "youtube": "dQw4w9WgXcQ"}},
        note | {"video": {"title": "x"}},
        note | {"video": "dQw4w9WgXcQ"},
    ):
        answer = await user.execute(CREATE, input=wrong)
        assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"BAD_USER_INPUT"}, wrong
        assert answer.status in {200, 400}
    assert await count_of(idle_server, Note) == 0


@ONE_ENGINE
async def test_only_users_take_notes(idle_server: Server) -> None:
    for client in (idle_server.nobody, idle_server.guest()):
        answer = await client.execute(CREATE, input={"video": YOUTUBE, "timestamp": "1:05"})
        assert (answer.code, answer.error["extensions"]["details"]) == ("UNAUTHENTICATED", {"reason": "MISSING"})
    assert await count_of(idle_server, Note) == 0
    assert await count_of(idle_server, Video) == 3


async def notes_on(client: Client, **arguments: object) -> Json:
    answer = await client.execute(ON_VIDEO, **({"by": YOUTUBE} | arguments))
    found: Json = answer.data["video"]["notes"]
    return found


async def test_notes_on_a_video_are_ones_own_and_oldest_first(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    assert (await ada.execute(ON_VIDEO, by=YOUTUBE)).data == {"video": None}
    for text in ("one", "two", "three"):
        await created(ada, text=text)
    await created(ada, text="elsewhere", video={"youtube": "sample-heat"})
    await created(bob, text="bob's")
    mine = await notes_on(ada)
    assert [note["text"] for note in mine["nodes"]] == ["one", "two", "three"]
    assert mine["totalCount"] == 3
    assert [note["text"] for note in (await notes_on(bob))["nodes"]] == ["bob's"]
    nothing: Json = {"totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    assert await notes_on(idle_server.guest()) == nothing
    assert await notes_on(await idle_server.user()) == nothing


async def pages(ask: Client, document: str, size: int, **arguments: object) -> list[str]:
    """The texts of all pages of the notes in the answer."""
    found: list[str] = []
    after: str | None = None
    while True:
        answer: Answer = await ask.execute(document, first=size, after=after, **arguments)
        notes = answer.data["video"]["notes"] if "video" in answer.data else answer.data["viewer"]["user"]["notes"]
        found += [note["text"] for note in notes["nodes"]]
        if not notes["pageInfo"]["hasNextPage"]:
            return found
        after = notes["pageInfo"]["endCursor"]


async def test_pages_of_notes_join_through_equal_times(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id = await user_id_of(user)
    video = StoredVideo()
    video_ids = await store(idle_server, video, StoredVideo())
    await store_notes(idle_server, user_id, video_ids, each=7)
    texts = [f"note {number}" for number in range(7)]
    by = {"youtube": video.youtube_id}
    assert await pages(user, ON_VIDEO, 3, by=by) == texts
    assert await pages(user, OWN, 4) == texts[::-1] * 2
    await store_at_one_moment(idle_server, datetime(2026, 5, 1, tzinfo=UTC))
    assert await pages(user, ON_VIDEO, 3, by=by) == texts
    assert await pages(user, ON_VIDEO, 7, by=by) == texts
    assert await pages(user, OWN, 1) == texts[::-1] * 2
    own = (await user.execute(OWN, first=1)).data["viewer"]["user"]["notes"]
    assert own["totalCount"] == 14


async def test_no_note_is_a_ghosts(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id = await user_id_of(user)
    database = idle_server.services.database
    (video_id,) = await store(idle_server, StoredVideo())
    for ghost in ({"user_id": 999_999, "video_id": video_id}, {"user_id": user_id, "video_id": 999_999}):
        with pytest.raises(IntegrityError):
            async with database.write() as tx:
                await tx.execute(insert(Note).values(timestamp="0:01", **ghost))
    await store_notes(idle_server, user_id, [video_id], each=2)
    other = await idle_server.user()
    await store_notes(idle_server, await user_id_of(other), [video_id])
    async with database.write() as tx:
        await tx.execute(delete(User).where(User.id == user_id))
    assert await count_of(idle_server, Note) == 1
    async with database.write() as tx:
        await tx.execute(delete(Video).where(Video.id == video_id))
    assert await count_of(idle_server, Note) == 0
