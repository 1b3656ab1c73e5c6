"""Documents that are no good: an answer of errors alone, each with its code and the request's id."""

import pytest

from tests.protocols.http.exchanges import asking, body, is_well
from tests.schema.shapes import faults_of_errors

pytestmark = pytest.mark.asyncio

NO_GOOD: list[str] = [
    "",
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
    '{ video(by: {unknown: "b"}) { id } }',
    "{ viewer { user { videos(first: 99999999999) { totalCount } } } }",
    f"{{ viewer {{ user {{ videos(first: {'9' * 5_000}) {{ totalCount }} }} }} }}",
    "{ viewer { user { videos(first: 1e400) { totalCount } } } }",
    "{ viewer { user { videos(filter: {relation: NOPE}) { totalCount } } } }",
    "{ viewer { kind } viewer: server { version } }",
    "{" * 5_000,
    "{ viewer " * 2_000,
    "{ nodes(ids: " + "[" * 2_000,
    "{ viewer " + "{ viewer " * 300 + "}" * 301,
    "query " + "($a: " + "[" * 400 + "Int" + "]" * 400 + ") { __typename }",
    "mutation { a: nothing }",
    "query A { __typename } query A { __typename }",
    "fragment F on Query { __typename }",
    "type Mine { text: String }",
    "query A { __typename } type Mine { text: String }",
    "query ($youtube: String) { video(by: {youtube: $youtube}) { id } }",
    "{ video(by: {}) { id } }",
    "{ video(by: {id: null}) { id } }",
    '{ video(by: {id: "a", youtube: "b"}) { id } }',
    "{ viewer { user { videos(first: 0) { totalCount } } } video(by: {}) { id } }",
]
WRONG_INSIDE: list[str] = [
    '{ video(by: {youtube: "sample-tide"}) { id } }',
    '{ viewer { kind } video(by: {youtube: "sample-tide"}) { id } }',
]
"""What only the field itself finds, here that nobody asks: there is data."""
TOO_COMPLEX: list[str] = [
    "{ " + "__typename " * 1_001 + "}",
    "{ " + "a: __typename " * 1_001 + "}",
]


async def test_a_document_that_is_no_good_is_bad_input(url: str) -> None:
    async with asking(url) as http:
        for document in NO_GOOD + TOO_COMPLEX:
            answer = await http.post("/graphql", content=body(query=document))
            told = answer.json()
            assert (answer.status_code, told.keys()) == (200, {"errors"}), document[:100]
            assert list(faults_of_errors(told["errors"], answer.headers["X-Request-ID"])) == [], document[:100]
            codes = {error["extensions"]["code"] for error in told["errors"]}
            if document in TOO_COMPLEX:
                assert codes == {"QUERY_TOO_COMPLEX"}
            else:
                assert codes <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}, document[:100]
            assert await is_well(http), document[:100]


async def test_what_a_field_finds_wrong_is_an_error_beside_the_data(url: str) -> None:
    async with asking(url) as http:
        for document in WRONG_INSIDE:
            answer = await http.post("/graphql", content=body(query=document))
            told = answer.json()
            assert (answer.status_code, told["data"]["video"]) == (200, None)
            assert list(faults_of_errors(told["errors"], answer.headers["X-Request-ID"])) == [], document


async def test_the_same_bad_document_is_told_each_request_of_its_own(url: str) -> None:
    async with asking(url) as http:
        for document in ("{", "{ nothing }"):
            answers = [await http.post("/graphql", content=body(query=document)) for _ in range(3)]
            told = [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers]
            assert told == [answer.headers["X-Request-ID"] for answer in answers]
            assert len(set(told)) == 3
