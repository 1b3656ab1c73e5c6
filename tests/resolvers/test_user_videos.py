"""`User.videos`: which videos are listed, in which order, page by page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.client import Client, Json
from tests.resolvers.stored import StoredVideo, store, store_at_one_moment, store_notes, user_id_of
from tests.server import Server

pytestmark = pytest.mark.asyncio

LIST = """
query List($filter: VideoFilter, $orderBy: VideoOrder, $first: Int! = 10, $after: String) {
  viewer { user { videos(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { youtubeId title } }
    nodes { youtubeId }
  } } }
}
"""
NOTE = """
mutation Note($youtube: String!, $title: String) {
  noteCreate(input: {video: {youtube: $youtube}, timestamp: "0:10", title: $title}) { __typename }
}
"""
CONVERSE = """
mutation Converse($youtube: String!) {
  conversationCreate(input: {video: {youtube: $youtube}}) { __typename }
}
"""
ADD = """
mutation Add($youtube: String!) { videoAdd(input: {video: {youtube: $youtube}}) { __typename } }
"""

ADDED = {"relation": "ADDED"}
MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def by(field: str, direction: str) -> Json:
    return {"field": field, "direction": direction}


async def page(user: Client, **arguments: object) -> Json:
    answer = await user.execute(LIST, **arguments)
    found: Json = answer.data["viewer"]["user"]["videos"]
    return found


async def walk(user: Client, size: int, **arguments: object) -> list[str]:
    """The YouTube ids of all pages, one after the other."""
    found: list[str] = []
    after: str | None = None
    while True:
        got = await page(user, first=size, after=after, **arguments)
        found += [video["youtubeId"] for video in got["nodes"]]
        assert got["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not got["pageInfo"]["hasNextPage"]:
            return found
        assert len(got["nodes"]) == size
        after = got["pageInfo"]["endCursor"]


async def titles(user: Client, **arguments: object) -> list[str | None]:
    return [edge["node"]["title"] for edge in (await page(user, first=50, **arguments))["edges"]]


async def test_lists_noted_videos_once_each_and_nobody_elses(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    for youtube in ("first-noted", "then-noted_", "first-noted", "first-noted"):
        await ada.execute(NOTE, youtube=youtube)
    await bob.execute(NOTE, youtube="of-bob_____")
    await ada.execute(CONVERSE, youtube="talked-of__")
    await ada.execute(ADD, youtube="added______")

    noted = await page(ada)
    assert noted["totalCount"] == 2
    assert [video["youtubeId"] for video in noted["nodes"]] == ["then-noted_", "first-noted"]
    assert await page(ada, filter={}) == noted
    assert await page(ada, filter=None, orderBy=None, after=None) == noted
    chatted = await page(ada, filter={"relation": "CHATTED"})
    assert [video["youtubeId"] for video in chatted["nodes"]] == ["talked-of__"]
    added = await page(ada, filter=ADDED)
    assert [video["youtubeId"] for video in added["nodes"]] == ["added______"]
    assert [chatted["totalCount"], added["totalCount"]] == [1, 1]


async def test_guests_conversations_tie_no_video_to_a_user(idle_server: Server) -> None:
    user = await idle_server.user()
    await idle_server.guest().execute(CONVERSE, youtube="of-a-guest_")
    assert (await page(user, filter={"relation": "CHATTED"}))["totalCount"] == 0


async def test_an_empty_list_is_a_page_without_cursors(idle_server: Server) -> None:
    nothing = await page(await idle_server.user())
    assert nothing == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
        "nodes": [],
    }


async def test_a_page_tells_where_it_lies(idle_server: Server) -> None:
    user = await idle_server.user()
    await store(idle_server, *(StoredVideo() for _ in range(3)), added_by=await user_id_of(user))
    first = await page(user, filter=ADDED, first=2)
    assert first["totalCount"] == 3
    assert [edge["node"]["youtubeId"] for edge in first["edges"]] == [video["youtubeId"] for video in first["nodes"]]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    last = await page(user, filter=ADDED, first=2, after=first["pageInfo"]["endCursor"])
    assert (last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert (last["totalCount"], len(last["nodes"])) == (3, 1)
    beyond = await page(user, filter=ADDED, first=2, after=last["pageInfo"]["endCursor"])
    assert beyond["edges"] == []
    assert beyond["totalCount"] == 3
    exactly = await page(user, filter=ADDED, first=3)
    assert not exactly["pageInfo"]["hasNextPage"]


SEARCHED = (
    StoredVideo(title="100% sure"),
    StoredVideo(title="100 sure"),
    StoredVideo(title="snake_case"),
    StoredVideo(title="snakeXcase"),
    StoredVideo(title="either/or"),
    StoredVideo(title=r"back\slash"),
    StoredVideo(title=None, details={"title": "Metadata knows SNAKES"}),
    StoredVideo(title="Mine", details={"title": "Theirs"}),
    StoredVideo(title=None, details={"uploader": "snake"}),
    StoredVideo(title=None, details={"title": None}),
    StoredVideo(title=None, details=None, youtube_id="snakesnakes"),
)


async def test_a_query_is_part_of_either_title(idle_server: Server) -> None:
    user = await idle_server.user()
    await store(idle_server, *SEARCHED, added_by=await user_id_of(user))

    async def search(query: str | None) -> set[str | None]:
        found = await page(user, filter=ADDED | {"query": query}, first=50)
        assert found["totalCount"] == len(found["nodes"])
        return {edge["node"]["title"] for edge in found["edges"]}

    assert await search("0%") == {"100% sure"}
    assert await search("e_c") == {"snake_case"}
    assert await search("r/o") == {"either/or"}
    assert await search("k\\s") == {r"back\slash"}
    assert await search("SNAKE") == {"snake_case", "snakeXcase", "Metadata knows SNAKES"}
    assert await search("  sUrE ") == {"100% sure", "100 sure"}
    assert await search("the") == await search("mine") | {"either/or"} == {"Mine", "either/or"}
    assert await search("%%") == await search("__") == await search("nowhere") == set()
    assert await search("' OR 1=1 --") == set()
    for no_filter in (None, "", " ", "%", "z", "  _ "):
        assert len(await search(no_filter)) == 9, no_filter  # three of eleven have no title


async def test_a_query_that_cannot_be_is_refused(idle_server: Server) -> None:
    user = await idle_server.user()
    for query, code in {"x" * 201: "TOO_LONG", "nu\0l": "INVALID_CHARACTER", "\ud800a": "INVALID_CHARACTER"}.items():
        answer = await user.execute(LIST, filter={"query": query})
        (problem,) = answer.error["extensions"]["details"]["problems"]
        assert answer.code == "BAD_USER_INPUT"
        assert (problem["path"], problem["code"]) == (["filter", "query"], code)
    assert (await page(user, filter={"query": "x" * 200}))["totalCount"] == 0


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_filters_and_orders_are_strict(idle_server: Server) -> None:
    user = await idle_server.user()
    for wrong in (
        {"filter": {"relation": "OWNED"}},
        {"filter": {"relation": None}},
        {"filter": {"title": "unknown field"}},
        {"orderBy": {"field": "TITLE"}},
        {"orderBy": {"direction": "ASC"}},
        {"orderBy": by("LENGTH", "ASC")},
        {"orderBy": by("title", "asc")},
        {"orderBy": by("TITLE", "ASC") | {"nulls": "LAST"}},
        {"orderBy": "TITLE"},
    ):
        answer = await user.execute(LIST, **wrong)
        assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"BAD_USER_INPUT"}, wrong


async def test_the_order_is_by_title_or_age_in_either_direction(idle_server: Server) -> None:
    user = await idle_server.user()
    named: Sequence[str | None] = ("banana", "Apple", None, "cherry", "apple pie", "BANANA", "Zoo", "aardvark")
    videos = [
        StoredVideo(title=title, created_at=MOMENT + timedelta(minutes=minutes)) for minutes, title in enumerate(named)
    ]
    fallback = StoredVideo(details={"title": "Blueberry"}, created_at=MOMENT - timedelta(days=1))
    await store(idle_server, *videos, fallback, added_by=await user_id_of(user))

    alphabet = [None, "aardvark", "Apple", "apple pie", "banana", "BANANA", "Blueberry", "cherry", "Zoo"]
    assert await titles(user, filter=ADDED, orderBy=by("TITLE", "ASC")) == alphabet
    assert await titles(user, filter=ADDED, orderBy=by("TITLE", "DESC")) == alphabet[::-1]
    aged = ["Blueberry", *named]
    assert await titles(user, filter=ADDED, orderBy=by("CREATED_AT", "ASC")) == aged
    assert await titles(user, filter=ADDED, orderBy=by("CREATED_AT", "DESC")) == aged[::-1]
    assert await titles(user, filter=ADDED) == aged[::-1]


HARD_TO_SORT = (
    *("zebra", "Zebra", "apple", "Apple", "APPLE", "apple"),
    *("éclair", "Éclair", "ÉCLAIR", "e\u0301clair", "eclair"),
    *("ΣΊΣΥΦΟΣ", "Σίσυφος", "σίσυφος", "İstanbul", "istanbul", "ISTANBUL", "\u0131sparta"),
    *("Straße", "STRASSE", "ẞ", "ß", "数学", "गणित", "ГЕОМЕТРИЯ", "геометрия"),
    *("👩\u200d👩\u200d👧 at home", "👩 at home", "no\u00a0break", "no break", "zero\u200bwidth"),
    *("\ufeffmark", "tab\there", "line\nbreak", "\u2028", "right \u202eto left", "new\x01control"),
    *("100%", "100_", 'quote"d', r"back\slash"),
    *("x" * 300, "x" * 299 + "y", "X" * 300, "😀" * 300, "\x01" * 300, "é" * 300, "É" * 300),
)


async def test_pages_by_title_join_without_gap_or_repetition(idle_server: Server) -> None:
    user = await idle_server.user()
    given = [StoredVideo(title=title) for title in HARD_TO_SORT[::2]]
    fetched = [StoredVideo(details={"title": title}) for title in HARD_TO_SORT[1::2]]
    nameless = [StoredVideo(), StoredVideo(details={}), StoredVideo(details={"title": "y" * 5000})]
    await store(idle_server, *given, *fetched, *nameless, added_by=await user_id_of(user))

    whole = await walk(user, 50, filter=ADDED, orderBy=by("TITLE", "ASC"))
    assert len(whole) == len(set(whole)) == len(given) + len(fetched) + len(nameless)
    assert await walk(user, 50, filter=ADDED, orderBy=by("TITLE", "DESC")) == whole[::-1]
    # One by one, so that every title has to be found again by its cursor.
    assert await walk(user, 1, filter=ADDED, orderBy=by("TITLE", "ASC")) == whole
    assert await walk(user, 4, filter=ADDED, orderBy=by("TITLE", "DESC")) == whole[::-1]


async def test_pages_join_through_equal_values(idle_server: Server) -> None:
    user = await idle_server.user()
    stored = [StoredVideo(title="same") for _ in range(7)]
    await store(idle_server, *stored, added_by=await user_id_of(user))
    await store_at_one_moment(idle_server, MOMENT)
    ids = [video.youtube_id for video in stored]
    for field in ("TITLE", "CREATED_AT"):
        for size in (2, 3, 7):
            assert await walk(user, size, filter=ADDED, orderBy=by(field, "ASC")) == ids
            assert await walk(user, size, filter=ADDED, orderBy=by(field, "DESC")) == ids[::-1]


async def test_a_page_is_not_moved_by_what_comes_before_it(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id = await user_id_of(user)
    await store(idle_server, *(StoredVideo(title=title) for title in "bdf"), added_by=user_id)
    order = by("TITLE", "ASC")
    first = await page(user, filter=ADDED, orderBy=order, first=2)
    await store(idle_server, *(StoredVideo(title=title) for title in "ace"), added_by=user_id)
    second = await page(user, filter=ADDED, orderBy=order, first=2, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["title"] for edge in second["edges"]] == ["e", "f"]
    assert second["totalCount"] == 6


async def test_pages_of_noted_videos_join(idle_server: Server) -> None:
    user = await idle_server.user()
    videos = await store(idle_server, *(StoredVideo() for _ in range(12)))
    await store_notes(idle_server, await user_id_of(user), videos, each=3)
    whole = await walk(user, 50)
    assert len(whole) == 12
    assert await walk(user, 5) == whole
    default = await page(user)
    assert (len(default["nodes"]), default["pageInfo"]["hasNextPage"]) == (10, True)
