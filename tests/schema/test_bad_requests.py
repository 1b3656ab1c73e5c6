"""Requests that are no operation: each gets an answer that blames the client, and the server goes on."""

import json
from collections.abc import Mapping

import httpx2
import pytest

from services.settings import Settings
from tests.schema.shapes import faults_of_errors, faults_of_text
from tests.server import Server, serving

JSON_TYPE = {"Content-Type": "application/json"}
A_QUERY = "{ __typename }"
TWO_QUERIES = "query A { __typename } query B { __typename }"


def body(**parts: object) -> bytes:
    return json.dumps(parts).encode()


NO_TEXT: list[object] = [None, 1, True, [], {}, ""]
NO_OBJECT: list[object] = [1, "x", "{}", True, [], [1]]
NO_NAME: list[object] = ["C", "", "\0", "\ud800", "é", 1, True, ["A"], {}]
NO_OPERATION: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"true",
    b"1",
    b'"text"',
    b"[]",
    b"[1]",
    b"[[]]",
    b"[" + body(query=A_QUERY) + b"]",
    b"{}",
    b'{"query": "{ __typ',
    b"{'query': 1}",
    b'{"query": "\xff\xfe"}',
    b"\xff\xfe\x00",
    b"\x1f\x8b\x08",
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    *(body(query=query) for query in NO_TEXT),
    *(body(query=A_QUERY, variables=variables) for variables in NO_OBJECT),
    *(body(query=A_QUERY, extensions=extensions) for extensions in NO_OBJECT),
    *(body(query=TWO_QUERIES, operationName=name) for name in NO_NAME),
    body(query="fragment F on Query { __typename }"),
    body(query="type Mine { text: String }"),
    body(query='subscription { wizReply(messageId: "x") { __typename } }'),
]
"""Refused before there is an operation: 400, and a sentence in plain text."""

NO_GOOD: list[str] = [
    " ",
    "#",
    "{",
    "}",
    "query",
    "\0",
    "\ud800",
    "{ __typename \0 }",
    "{ __typename\ud800 }",
    '{ video(by: {youtube: "\ud800"}) { id } }',
    '{ video(by: {youtube: "\\ud800"}) { id } }',
    '{ video(by: {youtube: """\ud800"""}) { id } }',
    "{ nothing }",
    "{ viewer }",
    "{ server { version { x } } }",
    "{ __typename @nothing }",
    "{ ...Nothing }",
    "{ ... on Nothing { x } }",
    "{ ...F } fragment F on Query { ...F }",
    "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
    "query ($a: Int!) { __typename }",
    "query ($a: Nothing) { node(id: $a) { id } }",
    "query ($a: Int, $a: Int) { viewer { conversations(first: $a) { totalCount } } }",
    "{ node(id: $a) { id } }",
    "{ node { id } }",
    '{ node(id: "a", id: "b") { id } }',
    '{ node(id: "a", unknown: 1) { id } }',
    '{ video(by: "x") { id } }',
    "{ video(by: {}) { id } }",
    "{ video(by: {id: null}) { id } }",
    '{ video(by: {id: "a", youtube: "b"}) { id } }',
    '{ video(by: {unknown: "b"}) { id } }',
    "query ($youtube: String) { video(by: {youtube: $youtube}) { id } }",
    "{ viewer { user { videos(first: 99999999999) { totalCount } } } }",
    f"{{ viewer {{ user {{ videos(first: {'9' * 5_000}) {{ totalCount }} }} }} }}",
    "{ viewer { user { videos(first: 1e400) { totalCount } } } }",
    "{ viewer { user { videos(filter: {relation: NOPE}) { totalCount } } } }",
    "{ viewer { kind } viewer: server { version } }",
    "{ " + "__typename " * 1_001 + "}",
    "{ " + "a: __typename " * 1_001 + "}",
    "{" * 5_000,
    "{ viewer " * 2_000,
    "{ nodes(ids: " + "[" * 2_000,
    "{ viewer " + "{ viewer " * 300 + "}" * 301,
    "query " + "($a: " + "[" * 400 + "Int" + "]" * 400 + ") { __typename }",
    "mutation { a: nothing }",
    "query A { __typename } query A { __typename }",
]
"""Documents: refused as BAD_USER_INPUT, with the place where the library can name it."""


async def is_well(http: httpx2.AsyncClient) -> bool:
    answer = await http.post("/graphql", content=body(query=A_QUERY), headers=JSON_TYPE)
    return bool(answer.json() == {"data": {"__typename": "Query"}})


def client_of(server: Server, headers: Mapping[str, str] = JSON_TYPE) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30)


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> object:
    """One engine: nothing here reaches a database."""
    return request.getfixturevalue("sqlite_databases")


@pytest.mark.asyncio
async def test_what_is_no_operation_is_the_clients_mistake(settings: Settings) -> None:
    async with serving(settings, work=False) as server, client_of(server) as http:
        for content in NO_OPERATION:
            answer = await http.post("/graphql", content=content)
            assert (answer.status_code, list(faults_of_text(answer.text))) == (400, []), content[:100]
            assert answer.headers["X-Request-ID"]
            assert await is_well(http), content[:100]


@pytest.mark.asyncio
async def test_a_document_that_is_no_good_is_bad_input(settings: Settings) -> None:
    async with serving(settings, work=False) as server, client_of(server) as http:
        for document in NO_GOOD:
            answer = await http.post("/graphql", content=body(query=document))
            assert (answer.status_code, "errors" in answer.json()) == (200, True), document[:100]
            told = answer.json()
            assert list(faults_of_errors(told["errors"], answer.headers["X-Request-ID"])) == [], document[:100]
            assert {error["extensions"]["code"] for error in told["errors"]} == {"BAD_USER_INPUT"}, document[:100]
            assert told["data"] is None
            assert await is_well(http), document[:100]


@pytest.mark.asyncio
async def test_the_same_bad_document_is_told_each_request_of_its_own(settings: Settings) -> None:
    async with serving(settings, work=False) as server, client_of(server) as http:
        for document in ("{", "{ nothing }"):
            answers = [await http.post("/graphql", content=body(query=document)) for _ in range(3)]
            told = [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers]
            assert told == [answer.headers["X-Request-ID"] for answer in answers]
            assert len(set(told)) == 3


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Content-Type": ""}, ""),
        ({"Content-Type": "text/plain"}, ""),
        ({"Content-Type": "application/x-www-form-urlencoded"}, ""),
        ({"Content-Type": "multipart/form-data; boundary=x"}, ""),
        ({"Content-Type": "multipart/form-data"}, ""),
        ({"Content-Type": "application/graphql"}, ""),
        ({"Content-Type": ";;;"}, ""),
    ],
)
@pytest.mark.asyncio
async def test_a_body_of_another_type_is_refused(settings: Settings, headers: dict[str, str], query: str) -> None:
    async with serving(settings, work=False) as server, client_of(server, headers) as http:
        answer = await http.post(f"/graphql{query}", content=body(query=A_QUERY))
        assert (answer.status_code, list(faults_of_text(answer.text))) == (400, [])


BAD_ADDRESSES = [
    "?query=",
    "?variables={}",
    "?query={__typename}&variables=x",
    "?query={__typename}&variables=1",
    "?query={__typename}&variables=[]",
    "?query={__typename}&extensions=[]",
    "?query={__typename}&operationName=A",
    "?query={__typename}&operationName=%C3%A9",
    "?query=mutation{videoAdd(input:{video:{id:1}}){__typename}}",
    "?query=subscription{wizReply(messageId:1){__typename}}",
    f"?query={'[' * 10_000}&variables={'[' * 10_000}",
]


@pytest.mark.asyncio
async def test_an_address_that_is_no_operation_is_refused(settings: Settings) -> None:
    async with serving(settings, work=False) as server, client_of(server, {"Accept": "application/json"}) as http:
        for query in BAD_ADDRESSES:
            answer = await http.get(f"/graphql{query}")
            assert (answer.status_code, list(faults_of_text(answer.text))) == (400, []), query
            assert await is_well(http)
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            assert (await http.request(method, "/graphql")).status_code == 405
        for address in ("?query=%00", "?query=%ff", "?query={nothing}"):
            answer = await http.get(f"/graphql{address}")
            assert list(faults_of_errors(answer.json()["errors"], answer.headers["X-Request-ID"])) == []


@pytest.mark.asyncio
async def test_several_operations_and_odd_numbers_are_taken_as_they_are_for_now(settings: Settings) -> None:
    """As Strawberry has it: the first operation runs when none is named; what JSON should not hold is let in."""
    lenient = [
        body(query=TWO_QUERIES),
        body(query=TWO_QUERIES, operationName="B"),
        body(query=A_QUERY, variables={"unknown": 1, "\ud800": "\0"}),
        body(query=A_QUERY, extensions={"unknown": 1}),
        b'{"query": "{ __typename }", "variables": {"a": NaN, "b": 1e400}}',
        b'\xef\xbb\xbf{"query": "{ __typename }"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b'{"query": "{ nothing }", "query": "{ __typename }"}',
    ]
    async with serving(settings, work=False) as server, client_of(server) as http:
        for content in lenient:
            answer = await http.post("/graphql", content=content)
            assert answer.json() == {"data": {"__typename": "Query"}}, content
