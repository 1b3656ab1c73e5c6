"""Connections: their shape, the bounds of a page, and what is taken for a cursor."""

import base64
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from graphql import GraphQLArgument, GraphQLObjectType, build_schema, get_named_type, print_ast

from schema.root import build_schema as build_our_schema
from schema.types.paging import page_request, read_cursor, write_cursor
from services.errors import InvalidInput, ProblemCode
from services.settings import Settings
from tests.client import Answer, Client
from tests.server import Server, serving

PAGE = "(first: $first, after: $after) { totalCount pageInfo { hasNextPage } edges { cursor } }"
LISTS = {
    "videos": f"viewer {{ user {{ videos{PAGE} }} }}",
    "videos by title": "viewer { user { videos(orderBy: {field: TITLE, direction: ASC}, first: $first, after: $after) "
    "{ totalCount edges { cursor } } } }",
    "own notes": f"viewer {{ user {{ notes{PAGE} }} }}",
    "own conversations": f"viewer {{ user {{ conversations{PAGE} }} }}",
    "the caller's conversations": f"viewer {{ conversations{PAGE} }}",
    "notes": f"sampleVideos {{ notes{PAGE} }}",
    "conversations": f"sampleVideos {{ conversations{PAGE} }}",
    "transcript": f"sampleVideos {{ transcript{PAGE} }}",
    "messages": f"viewer {{ conversations {{ nodes {{ messages{PAGE} }} }} }}",
}
CONVERSE = """
mutation { conversationCreate(input: {video: {youtube: "sample-tide"}}) {
  ... on ConversationCreateSuccess { conversation { id } }
} }
"""


def query(name: str) -> str:
    return f"query Page($first: Int! = 10, $after: String) {{ {LISTS[name]} }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A user with one conversation, so that every list is reached."""

    client: Client

    async def read(self, name: str, **arguments: object) -> Answer:
        return await self.client.execute(query(name), **arguments)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with serving(settings, work=False) as server:
        yield server


@pytest_asyncio.fixture
async def reader(server: Server) -> Reader:
    client = await server.user()
    assert (await client.execute(CONVERSE)).data["conversationCreate"]["conversation"]["id"]
    return Reader(client=client)


def codes(answer: Answer) -> set[str]:
    return {error["extensions"]["code"] for error in answer.body["errors"]}


def problems(answer: Answer) -> set[tuple[str, str]]:
    return {
        (*problem["path"], problem["code"])
        for error in answer.body["errors"]
        for problem in error["extensions"]["details"]["problems"]
    }


def test_every_connection_has_the_same_shape() -> None:
    schema = build_schema(build_our_schema().as_str())
    holders = [found for found in schema.type_map.values() if isinstance(found, GraphQLObjectType)]
    connections = [found for found in holders if found.name.endswith("Connection")]
    assert {connection.name for connection in connections} >= {"VideoConnection", "NoteConnection", "MessageConnection"}
    for connection in connections:
        node = connection.name.removesuffix("Connection")
        assert {name: str(field.type) for name, field in connection.fields.items()} == {
            "edges": f"[{node}Edge!]!",
            "nodes": f"[{node}!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int!",
        }
    for name, field in (named for holder in holders for named in holder.fields.items()):
        if get_named_type(field.type) in connections:
            size = 100 if name == "transcript" else 10
            assert argument(field.args["first"]) == f"first: Int! = {size}"
            assert argument(field.args["after"]) == "after: String = null"


def argument(found: GraphQLArgument) -> str:
    assert found.ast_node is not None
    return print_ast(found.ast_node).rpartition('"""\n')[2]


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_page_has_one_to_fifty_nodes(reader: Reader) -> None:
    for name in LISTS:
        largest = 500 if name == "transcript" else 50
        for first in (1, largest):
            assert (await reader.read(name, first=first)).data
        for first in (0, -1, largest + 1, -(2**31)):
            answer = await reader.read(name, first=first)
            assert answer.status == 200
            assert codes(answer) == {"BAD_USER_INPUT"}
            assert problems(answer) == {("first", "OUT_OF_RANGE")}
        assert codes(await reader.read(name, first=2**31 - 1)) == {"QUERY_TOO_COMPLEX"}


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_the_size_of_a_page_is_a_whole_number(reader: Reader) -> None:
    values: tuple[object, ...] = (None, "10", 1.5, True, [10], {}, -(2**31) - 1, -(10**30))
    for wrong in values:
        answer = await reader.read("own notes", first=wrong)
        assert codes(answer) == {"BAD_USER_INPUT"}, wrong
    for literal in ("null", '"10"', "1.5", "10.0", "true", "[10]", "{a: 1}", "TEN", "2147483648", "-" + "9" * 30):
        answer = await reader.client.execute(f"{{ viewer {{ user {{ notes(first: {literal}) {{ totalCount }} }} }} }}")
        assert codes(answer) == {"BAD_USER_INPUT"}, literal
    for huge in (2**31, 2**63):
        assert codes(await reader.read("own notes", first=huge)) == {"QUERY_TOO_COMPLEX"}
    assert (await reader.read("own notes", first=10.0)).data  # JSON knows one kind of number


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_cursor_is_text(reader: Reader) -> None:
    for wrong in (7, True, ["a"], {"a": "b"}):
        assert codes(await reader.read("own notes", after=wrong)) == {"BAD_USER_INPUT"}


TIMES, TITLES, POSITIONS = (datetime, int), (str, int), (int,)
NOON = "2026-05-01T12:00:00+00:00"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def cursor(*values: object) -> str:
    return encoded(json.dumps(values).encode())


WRONG_VALUES: tuple[list[object], ...] = ([], [None], [None, None], [1, 2, 3], [[], 1], [{}, 1], [NOON, 1, 1], [True])
NO_CURSORS = (
    *("", " ", "garbage", "caf\u00e9", "\0", "\ud800", "====", "A", "AAAA", "a b", "__--", cursor(NOON, 1) + "*"),
    *(
        encoded(text)
        for text in (b"null", b"7", b'"x"', b"{}", b"[]", b"[", b'["x",1', b"[1,]", b"[NaN,1]", b"\xff\xfe[")
    ),
    *(cursor(*values) for values in WRONG_VALUES),
    *(cursor(NOON, last) for last in (None, "1", 1.5, True, [1], 2**63, -(2**63), 10**400)),
    cursor(NOON, 1).replace("A", "\n", 1),
    encoded(b'["' + NOON.encode() + b'",1e400]'),
    encoded("[1]".encode("utf-16")),
    encoded(b"[" * 1_400),
    encoded(b"[" + b"9" * 1_400 + b"]"),
    cursor("x" * 2_000, 1),
    cursor(NOON, 1) + "A" * 100_000,
)
NO_TIMES = (
    cursor("not a time", 1),
    cursor("", 1),
    cursor("2026-05-01T12:00:00", 1),
    cursor("2026-13-01T12:00:00+00:00", 1),
    cursor("0001-01-01T00:00:00+23:59", 1),
    cursor("9999-12-31T23:59:59-23:59", 1),
    cursor(1_777_636_800, 1),
    cursor(1),
    cursor("title", 1),
)
NO_TITLES = (cursor("nul\0", 1), cursor("half \ud83d", 1), cursor(5, 1), cursor(1))
NO_POSITIONS = (cursor("1"), cursor(1.0), cursor(False), cursor(2**63), cursor(1, 1), cursor(NOON, 1), cursor("a", 1))


@pytest.mark.parametrize(
    ("kinds", "texts"),
    [
        (TIMES, NO_CURSORS + NO_TIMES),
        (TITLES, NO_CURSORS + NO_TITLES),
        (POSITIONS, NO_CURSORS + NO_POSITIONS),
    ],
    ids=["times", "titles", "positions"],
)
def test_what_is_no_cursor_of_the_list_is_refused(kinds: tuple[type, ...], texts: tuple[str, ...]) -> None:
    for text in texts:
        with pytest.raises(InvalidInput) as refusal:
            page_request(10, text, kinds)
        (problem,) = refusal.value.problems
        assert (problem.path, problem.code) == (("after",), ProblemCode.INVALID_FORMAT), text


def test_a_cursor_brings_back_the_values_it_was_made_of() -> None:
    noon = datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert read_cursor(write_cursor([noon, 2**63 - 1]), TIMES) == (noon, 2**63 - 1)
    for title in ("", "a", "\u2028\u200d\x01", "caf\u00e9", "\U0001f600" * 200, "\x01" * 200, '"\\' * 100):
        text = write_cursor([title, 1])
        assert read_cursor(text, TITLES) == (title, 1)
        assert text.replace("-", "").replace("_", "").isalnum()
    assert read_cursor(write_cursor([-5]), POSITIONS) == (-5,)
    elsewhere = encoded(b'["2026-05-01T14:00:00.000001+02:00",1]')
    assert read_cursor(elsewhere, TIMES) == (noon, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_every_list_refuses_what_is_no_cursor_of_it(reader: Reader) -> None:
    for name in LISTS:
        fitting = {"videos by title": cursor("a", 1), "transcript": cursor(1)}.get(name, cursor(NOON, 1))
        assert (await reader.read(name, after=fitting)).data
        others = {cursor("a", 1), cursor(1), cursor(NOON, 1)} - {fitting, cursor(NOON, 1) if "title" in name else ""}
        for text in (*others, "", "nonsense", "\0", cursor("\0", 1), cursor(NOON, 2**63)):
            answer = await reader.read(name, after=text)
            assert answer.status == 200
            assert codes(answer) == {"BAD_USER_INPUT"}, (name, text)
            assert problems(answer) == {("after", "INVALID_FORMAT")}


@pytest.mark.asyncio
async def test_a_place_at_either_end_of_what_can_be_is_a_place(reader: Reader) -> None:
    """Whatever passes for a cursor can be compared by the database, too."""
    largest = 2**63 - 1
    for name in LISTS:
        match name:
            case "videos by title":
                ends = [cursor("", -largest), cursor("\U0010ffff" * 100, largest)]
            case "transcript":
                ends = [cursor(-largest), cursor(largest)]
            case _:
                ends = [
                    cursor("0001-01-01T00:00:00+00:00", -largest),
                    cursor("9999-12-31T23:59:59.999999+00:00", largest),
                ]
        for end in ends:
            assert (await reader.read(name, after=end)).data
    pages = [(await reader.read("transcript", first=1, after=cursor(end))).data for end in (-largest, largest)]
    assert [[len(video["transcript"]["edges"]) for video in page["sampleVideos"]] for page in pages] == [
        [1] * 3,
        [0] * 3,
    ]
