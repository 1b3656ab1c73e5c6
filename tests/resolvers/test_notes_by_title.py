"""`noteCreateByTitle`: the first video that YouTube finds is noted on."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from http import HTTPStatus

import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.rates import Rate
from services.settings import Settings
from services.youtube import search
from tests.client import Client, Json
from tests.conditions import until
from tests.notes import TAKE_BY_TITLE, do, stored
from tests.server import Server, serving
from tests.servers.video_search import KEY, FakeSearch, Hit, video_search

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
NONE_FOUND = {"__typename": "NotFound", "message": "No video found for the provided title."}
UNAVAILABLE = {"__typename": "VideoSearchUnavailable", "message": "Videos cannot be searched for at the moment."}
NOT_SET_UP = UNAVAILABLE | {"message": "Searching for videos by title is not set up on this server."}
CAPABLE = "{ server { capabilities { titleSearch } } }"


@pytest.fixture
def found() -> Iterator[FakeSearch]:
    with video_search() as fake:
        yield fake


def searching(settings: Settings, fake: FakeSearch, **changes: object) -> Settings:
    return settings.model_copy(update={"youtube_api_key": SecretStr(KEY), "youtube_api_origin": fake.origin, **changes})


@pytest_asyncio.fixture
async def server(settings: Settings, found: FakeSearch) -> AsyncGenerator[Server]:
    async with serving(searching(settings, found), work=False) as server:
        yield server


async def take(client: Client, **fields: object) -> Json:
    return await do(client, TAKE_BY_TITLE, input={"title": "never gonna", "timestamp": "1:05"} | fields)


async def test_the_first_hit_is_noted_on(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    note = (await take(user, title="  never & gonna? ", text="  What a rhyme! "))["note"]
    assert (note["timestamp"], note["text"], note["startSeconds"]) == ("1:05", "What a rhyme!", 65.0)
    assert (note["video"]["youtubeId"], note["video"]["title"]) == ("dQw4w9WgXcQ", "Never & \"ever\" 'gonna'")
    assert note["jumpUrl"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s"
    # The key is in no address, since those get into logs.
    assert found.asked == [{"part": "snippet", "type": "video", "maxResults": "1", "q": "never & gonna?"}]


async def test_the_first_title_ever_given_stays(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    first = (await take(user))["note"]
    found.hits = [Hit("dQw4w9WgXcQ", "Another")]
    again = (await take(user, text=" "))["note"]
    assert again["video"] == first["video"]
    assert (again["text"], again["id"] != first["id"]) == (None, True)


async def test_nothing_found(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    before = await stored(server)
    found.hits = []
    assert await take(user) == NONE_FOUND
    assert await stored(server) == before


@ONE_ENGINE
async def test_a_title_as_it_comes(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    for number, (told, title) in enumerate(
        {
            "": None,
            "&nbsp;": None,
            "x" * 400: "x" * 300,
            "a\0b": "ab",
            "&lt;b&gt; &amp;amp;": "<b> &amp;",
            "潮 &eacute;": "潮 é",
        }.items()
    ):
        found.hits = [Hit(f"title-{number:05}", told)]
        assert (await take(user))["note"]["video"]["title"] == title, told


async def test_wrong_input_is_refused_before_anybody_is_asked(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    before = await stored(server)
    problems = (await take(user, title=" ", timestamp="noon", text="x" * 10_001))["problems"]
    assert {(*problem["path"], problem["code"]) for problem in problems} == {
        ("title", "REQUIRED"),
        ("timestamp", "INVALID_FORMAT"),
        ("text", "TOO_LONG"),
    }
    (problem,) = (await take(user, title="x" * 301))["problems"]
    assert problem["code"] == "TOO_LONG"
    (problem,) = (await take(user, title="\ud800"))["problems"]
    assert problem["code"] == "INVALID_CHARACTER"
    assert found.asked == []
    assert await stored(server) == before


GARBAGE = {
    "no JSON": b"<html>Oops",
    "nothing": b"",
    "an array": b"[]",
    "no items": b"{}",
    "items that are none": b'{"items": [5]}',
    "a channel": b'{"items": [{"id": {"kind": "youtube#channel", "channelId": "x"}, "snippet": {"title": "x"}}]}',
    "a short id": b'{"items": [{"id": {"videoId": "short"}, "snippet": {"title": "x"}}]}',
    "a longer id": b'{"items": [{"id": {"videoId": "dQw4w9WgXcQx"}, "snippet": {"title": "x"}}]}',
    "an id with a line": b'{"items": [{"id": {"videoId": "dQw4w9WgXcQ\\n"}, "snippet": {"title": "x"}}]}',
    "another id": b'{"items": [{"id": {"videoId": "../../../et"}, "snippet": {"title": "x"}}]}',
    "no text": b'{"items": [{"id": {"videoId": "dQw4w9WgXcQ"}, "snippet": {"title": 5}}]}',
    "no UTF-8": b'{"items": "\xff"}',
    "too much": b'{"items": [' + b" " * search.LARGEST_BYTES + b"]}",
    "too deep": b"[" * 100_000,
}


@ONE_ENGINE
async def test_garbage_is_no_video(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    before = await stored(server)
    for name, body in GARBAGE.items():
        found.body = body
        assert await take(user) == UNAVAILABLE, name
    assert await stored(server) == before
    assert len(found.asked) == len(GARBAGE)


STATUSES = [
    HTTPStatus.FORBIDDEN,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.NO_CONTENT,
]


@ONE_ENGINE
async def test_a_search_that_is_refused(server: Server, found: FakeSearch) -> None:
    """A spent quota is a 403. Neither the key nor what was searched for gets into the log."""
    user = await server.user()
    before = await stored(server)
    with capture_logs() as logs:
        for status in STATUSES:
            found.status = status
            assert await take(user, title="my secret title") == UNAVAILABLE, status
    assert len(found.asked) == len(STATUSES)
    assert await stored(server) == before
    told = [entry["reason"] for entry in logs if entry["event"] == "video_search.failed"]
    assert told == [f"status {status}" for status in STATUSES]
    assert KEY not in str(logs)
    assert "secret title" not in str(logs)


@ONE_ENGINE
async def test_a_search_that_takes_too_long(server: Server, found: FakeSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.2)
    user = await server.user()
    found.is_silent = True
    assert await take(user) == UNAVAILABLE
    found.is_silent = False
    monkeypatch.setattr(search, "SEARCH_SECONDS", 5.0)
    assert (await take(user))["__typename"] == "NoteCreateByTitleSuccess"


@ONE_ENGINE
async def test_nobody_there(settings: Settings, found: FakeSearch) -> None:
    for changes in ({"youtube_api_origin": "http://127.0.0.1:9"}, {"youtube_api_key": SecretStr("another")}):
        async with serving(searching(settings, found, **changes), work=False) as server:
            assert await take(await server.user()) == UNAVAILABLE
            assert (await server.nobody.execute(CAPABLE)).data["server"]["capabilities"] == {"titleSearch": True}
    assert len(found.asked) == 1


@ONE_ENGINE
async def test_a_server_without_a_key_says_so(settings: Settings, found: FakeSearch) -> None:
    async with serving(searching(settings, found, youtube_api_key=None), work=False) as server:
        assert await take(await server.user()) == NOT_SET_UP
        assert (await server.nobody.execute(CAPABLE)).data["server"]["capabilities"] == {"titleSearch": False}
    assert found.asked == []


@ONE_ENGINE
async def test_no_session_is_held_while_asking(settings: Settings, found: FakeSearch) -> None:
    """With a pool of one connection others go on while a search is silent."""

    async def has_asked() -> bool:
        return bool(found.asked)

    async with serving(searching(settings, found, db_pool_size=1), work=False) as server:
        user = await server.user()
        found.is_silent = True
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(take(user))
            await until(has_asked)
            answer = await user.execute("{ viewer { user { id } } }")
            assert answer.data["viewer"]["user"]
            found.is_silent = False
        assert waiting.result()["__typename"] == "NoteCreateByTitleSuccess"


MAKE_TOKEN = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"
ASKED_BY_PROGRAM = """
mutation Take($input: NoteCreateByTitleInput!) {
  noteCreateByTitle(input: $input) { ... on NoteCreateByTitleSuccess { note {
    text video { notes { totalCount nodes { text } } conversations { totalCount } }
  } } }
}
"""


async def test_a_program_takes_one_and_reads_no_other(server: Server, found: FakeSearch) -> None:
    user = await server.user()
    await take(user, text="the user's own")
    token = (await user.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"]
    program = Client(url=server.url, token=token)
    fields = {"title": "x", "timestamp": "0:10", "text": "a program's"}
    note = (await program.execute(ASKED_BY_PROGRAM, input=fields)).data["noteCreateByTitle"]["note"]
    assert note == {
        "text": "a program's",
        "video": {"notes": {"totalCount": 0, "nodes": []}, "conversations": {"totalCount": 0}},
    }
    own = (await user.execute("{ viewer { user { notes { nodes { text } } } } }")).data["viewer"]["user"]["notes"]
    assert [one["text"] for one in own["nodes"]] == ["a program's", "the user's own"]
    assert len(found.asked) == 2


async def test_others_may_not(server: Server, found: FakeSearch) -> None:
    before = await stored(server)
    for client in (server.nobody, server.guest()):
        answer = await client.execute(TAKE_BY_TITLE, input={"title": "x", "timestamp": "0:10"})
        assert answer.code == "UNAUTHENTICATED"
    assert found.asked == []
    assert await stored(server) == before


async def test_it_is_paced_and_one_an_operation(settings: Settings, found: FakeSearch) -> None:
    changes = {"rate_limit_enabled": True, "rate_limit_videos": Rate(2, 60)}
    async with serving(searching(settings, found, **changes), work=False) as server:
        user = await server.user()
        for _ in range(2):
            assert (await take(user))["__typename"] == "NoteCreateByTitleSuccess"
        refused = await user.execute(TAKE_BY_TITLE, input={"title": "x", "timestamp": "0:10"})
        assert refused.code == "RATE_LIMITED"
        one = 'noteCreateByTitle(input: {title: "x", timestamp: "0:10"}) { __typename }'
        assert (await user.execute(f"mutation {{ a: {one} b: {one} }}")).code == "QUERY_TOO_COMPLEX"
    assert len(found.asked) == 2
    assert json.dumps(found.asked).count("never gonna") == 2
