"""The questions of a stranger's scanner, to a server in production: what may be known of it, and what it may be made to do.

They are those of graphql-cop and clairvoyance. The limits have tests of their own; these are of a server as operators run it.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from graphql import get_introspection_query

from services.settings import Settings
from tests.client import Answer, Json, StreamRefused
from tests.protocols.http.exchanges import A_QUERY, THE_ANSWER, asking, assert_refused, body
from tests.schema.shapes import faults_of_errors
from tests.server import Server, serving
from tests.settings import settings_for
from tests.statements import count_statements

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

MUTATION = 'mutation { userRegister(input: {email: "eve@example.com", password: "correct horse", name: "Eve"}) { __typename } }'
CIRCULAR = (
    "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }"
)
INTROSPECTIONS = {
    "the standard one": get_introspection_query(),
    "all fields": "{ __schema { types { name fields { name } } } }",
    "circular": CIRCULAR,
    "one type": '{ __type(name: "User") { fields { name } } }',
    "by an alias": '{ server: __type(name: "User") { name } }',
    "by a fragment": "{ ...F } fragment F on Query { ... { __schema { queryType { name } } } }",
    "of a mutation": "mutation { __schema { queryType { name } } }",
    "of a subscription": "subscription { __schema { queryType { name } } }",
    "that is skipped": "{ __typename ... @skip(if: true) { __schema { queryType { name } } } }",
    "of what is not there": "{ __schema { directive } }",
}
SUGGESTING: dict[str, tuple[str, Json]] = {
    "field": ("{ viewe { kind } }", {}),
    "field of an object": ("{ viewer { kin } }", {}),
    "field of a possible type": ('{ node(id: "x") { youtubeId } }', {}),
    "field of a mutation": ("mutation { userRegiste { __typename } }", {}),
    "field of a subscription": ("subscription { wizRepl { __typename } }", {}),
    "type": ('{ node(id: "x") { ... on Vide { id } } }', {}),
    "type of a fragment": ("{ __typename ...F } fragment F on Quer { __typename }", {}),
    "type of a variable": ("query ($a: VideoRe) { __typename }", {}),
    "argument": ('{ node(i: "x") { id } }', {}),
    "argument of a directive": ("{ __typename @skip(i: true) }", {}),
    "input field": ('{ video(by: {youtub: "x"}) { id } }', {}),
    "input field of a default": ('query ($a: VideoRef = {youtub: "x"}) { video(by: $a) { id } }', {}),
    "input field of a variable": ("query ($a: VideoRef!) { video(by: $a) { id } }", {"a": {"youtub": "x"}}),
    "enum value": ("{ viewer { user { videos(filter: {relation: NOTE}) { totalCount } } } }", {}),
    "enum value as text": ('{ viewer { user { videos(filter: {relation: "NOTED"}) { totalCount } } } }', {}),
    "enum value of a variable": (
        "query ($a: VideoRelation!) { viewer { user { videos(filter: {relation: $a}) { totalCount } } } }",
        {"a": "NOTE"},
    ),
    "selection": ("{ viewer }", {}),
    "selection of a list": ("{ sampleVideos }", {}),
    "selection under an alias": ("{ a: viewer }", {}),
    "selection of a subscription": ('subscription { wizReply(messageId: "x") }', {}),
}
"""By what is misspelt or left out: all that graphql-core has a suggestion for."""
SUGGESTION = "Did you mean"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path, environment="production")


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with serving(settings, work=False) as server:
        yield server


def refusals(answer: Answer) -> list[Json]:
    """All of them, where nothing was run and each is in our form."""
    assert answer.body.keys() == {"errors"}, answer.body
    errors: list[Json] = answer.body["errors"]
    assert list(faults_of_errors(errors, answer.headers["X-Request-ID"])) == []
    return errors


async def test_introspection_tells_nothing(server: Server) -> None:
    for name, query in INTROSPECTIONS.items():
        for error in refusals(await server.nobody.execute(query)):
            assert error["extensions"]["code"] in {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}, name
            assert SUGGESTION not in error["message"], name


async def test_no_mistake_is_answered_with_a_name(server: Server) -> None:
    for name, (query, variables) in SUGGESTING.items():
        for error in refusals(await server.nobody.execute(query, **variables)):
            assert SUGGESTION not in error["message"], name


async def test_nor_by_other_ways(server: Server) -> None:
    async with asking(server.url) as http, server.nobody.socket() as socket:
        for name, (query, variables) in SUGGESTING.items():
            for accept in ("application/graphql-response+json", "text/event-stream", "multipart/mixed"):
                content = body(query=query, variables=variables)
                answer = await http.post("/graphql", content=content, headers={"Accept": accept})
                assert SUGGESTION not in answer.text, (name, accept)
            assert SUGGESTION not in (await http.get("/graphql", params={"query": query})).text, name
            with pytest.raises(StreamRefused) as refused:
                _ = [event async for event in socket.subscribe(query, **variables)]
            assert SUGGESTION not in str(refused.value.errors), name


async def test_where_people_look_around_each_of_these_is_answered_with_one(database_url: str, tmp_path: Path) -> None:
    async with serving(settings_for(database_url, tmp_path, environment="local"), work=False) as server:
        for name, (query, variables) in SUGGESTING.items():
            errors = (await server.nobody.execute(query, **variables)).body["errors"]
            assert any(SUGGESTION in error["message"] for error in errors), (name, errors)


async def test_there_is_no_explorer(server: Server) -> None:
    async with asking(server.url, Accept="text/html") as http:
        for path in ("/graphql", "/graphiql", "/playground", "/console", "/static/graphiql/index.html"):
            assert_refused(await http.get(path), 404, path)
        assert "graphiql" not in (await http.get("/")).text.lower()


async def test_a_hundred_aliases_and_a_repeated_field_are_too_much(server: Server) -> None:
    aliases = " ".join(f"alias{n}: __typename" for n in range(101))
    for query in (f"{{ {aliases} }}", f"{{ {'__typename ' * 1_000}}}"):
        assert (await server.nobody.execute(query)).code == "QUERY_TOO_COMPLEX"


async def test_repeated_directives_are_not_each_answered(server: Server) -> None:
    for directive in ("@aa", "@skip(if: false)", "@include(if: true)"):
        for count in (10, 50):
            told = refusals(await server.nobody.execute(f"{{ __typename {directive * count} }}"))
            assert len(told) < 10, (directive, count)
        assert (await server.nobody.execute(f"{{ __typename {directive * 51} }}")).code == "QUERY_TOO_COMPLEX"


async def test_there_are_no_batches(server: Server) -> None:
    async with asking(server.url) as http:
        for operation in (A_QUERY, MUTATION):
            for count in (0, 1, 10):
                answer = await http.post("/graphql", json=[{"query": operation}] * count)
                assert_refused(answer, 400, count)
        assert await is_free(server)


async def is_free(server: Server) -> bool:
    """Whether no earlier request made the user of MUTATION. This one does."""
    return (await server.nobody.execute(MUTATION)).data == {"userRegister": {"__typename": "UserRegisterSuccess"}}


async def test_only_json_by_post_changes_anything(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with asking(server.url) as http:
        for query in (A_QUERY, MUTATION):
            assert_refused(await http.post("/graphql", content=urlencode({"query": query}), headers=form), 415)
            assert_refused(await http.post("/graphql", params={"query": query}, headers=form), 415)
        assert_refused(await http.get("/graphql", params={"query": MUTATION}), 405)
        assert_refused(await http.get("/graphql", params={"query": "mutation cop { __typename }"}), 405)
    assert await is_free(server)


async def test_what_is_asked_by_get_only_reads(server: Server) -> None:
    queries = (
        "{ viewer { kind wizQuota { used } } }",
        "{ sampleVideos { id } }",
        '{ video(by: {youtube: "x"}) { id } }',
    )
    foreign = {"Origin": "https://evil.example", "Cookie": "session=stolen"}
    async with count_statements(server.services.database._engines) as statements, asking(server.url, **foreign) as http:
        for query in queries:
            answer = await http.get("/graphql", params={"query": query}, headers={"X-Guest-Session-ID": "a" * 32})
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
    assert statements
    assert [statement for statement in statements if not statement.lstrip().upper().startswith("SELECT")] == []


async def test_nothing_is_told_of_how_it_was_done(server: Server) -> None:
    tracing: list[dict[str, str]] = [{}, {"apollo-federation-include-trace": "ftv1"}, {"X-Apollo-Tracing": "1"}]
    for headers in tracing:
        answer = await server.nobody.post({"query": A_QUERY, "extensions": {"tracing": True, "debug": True}}, **headers)
        assert answer.body == THE_ANSWER
    for query in ("qwerty cop { abc }", "query cop { abc }", "{", ""):
        for error in refusals(await server.nobody.execute(query)):
            assert error["extensions"].keys() <= {"code", "requestId", "details"}


async def test_the_address_is_all_there_is(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=server.url, headers={"Content-Type": "application/json"}) as http:
        for path in (
            "/graphiql",
            "/playground",
            "/console",
            "/v1/graphql",
            "/api/graphql",
            "/graphql/",
            "/graphql/schema",
        ):
            assert_refused(await http.post(path, content=body(query=A_QUERY)), 404, path)
