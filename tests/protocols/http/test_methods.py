"""What each method may ask: GET queries alone, POST everything but streams, and nothing else anything."""

import json

import httpx2
import pytest

from tests.protocols.http.exchanges import A_QUERY, THE_ANSWER, asking, assert_refused, body, is_well

pytestmark = pytest.mark.asyncio

MUTATION = 'mutation { userRegister(input: {email: "ada@example.com", password: "correct horse", name: "Ada"}) { __typename } }'
SUBSCRIPTION = 'subscription { wizReply(messageId: "x") { __typename } }'
TWO_QUERIES = "query A { a: __typename } query B { b: __typename }"


async def get(http: httpx2.AsyncClient, **parameters: str) -> httpx2.Response:
    return await http.get("/graphql", params=parameters, headers={"Accept": "application/json"})


async def test_a_query_by_get(url: str) -> None:
    async with asking(url) as http:
        assert (await get(http, query=A_QUERY)).json() == THE_ANSWER
        by_id = "query ById($id: ID!) { node(id: $id) { id } }"
        answer = await get(http, query=by_id, variables=json.dumps({"id": "x"}), operationName="ById", extensions="{}")
        assert answer.json()["data"] == {"node": None}
        assert (await get(http, query=TWO_QUERIES, operationName="B")).json() == {"data": {"b": "Query"}}


async def test_by_get_nothing_that_changes_anything(url: str) -> None:
    async with asking(url) as http:
        for accept in ("application/json", "application/graphql-response+json", "text/event-stream", "*/*"):
            answer = await http.get("/graphql", params={"query": MUTATION}, headers={"Accept": accept})
            assert_refused(answer, 405, accept)
            assert answer.headers["Allow"] == "POST"
        both = f"query Q {{ __typename }} {MUTATION.replace('mutation', 'mutation M')}"
        assert (await get(http, query=both, operationName="Q")).status_code == 200
        assert_refused(await get(http, query=both, operationName="M"), 405)
        assert_refused(await get(http, query=SUBSCRIPTION), 400)


NO_ADDRESS = [
    "?",
    "?variables={}",
    "?query={__typename}&variables=x",
    "?query={__typename}&variables=1",
    "?query={__typename}&variables=[]",
    "?query={__typename}&variables=" + "[" * 10_000,
    '?query={__typename}&variables={"a":NaN}',
    "?query={__typename}&extensions=[]",
    "?query={__typename}&extensions={",
    "?query={__typename}&query={__typename}",
    "?query={__typename}&operationName=A&operationName=B",
]

REFUSED_BY_GET = [
    "?query=",
    "?query=%20",
    "?query=%00",
    "?query=%ff",
    "?query={nothing}",
    "?query={__typename}&operationName=A",
    "?query={__typename}&operationName=%C3%A9",
    "?query={__typename}&operationName=%00",
    "?query=query%20A{__typename}query%20B{__typename}",
]


async def test_addresses_that_ask_for_nothing(url: str) -> None:
    async with asking(url, Accept="application/json") as http:
        for query in NO_ADDRESS:
            assert_refused(await http.get(f"/graphql{query}"), 400, query)
        for query in REFUSED_BY_GET:
            answer = await http.get(f"/graphql{query}")
            assert (answer.status_code, answer.json().keys()) == (200, {"errors"}), query
        assert await is_well(http)


async def test_an_empty_operation_name_is_none(url: str) -> None:
    async with asking(url) as http:
        assert (await get(http, query=A_QUERY, operationName="")).json() == THE_ANSWER
        for name in ("", None):
            answer = await http.post("/graphql", content=body(query=A_QUERY, operationName=name))
            assert answer.json() == THE_ANSWER


async def test_of_several_operations_one_is_to_be_named(url: str) -> None:
    async with asking(url) as http:
        for chosen, data in (("A", {"a": "Query"}), ("B", {"b": "Query"})):
            answer = await http.post("/graphql", content=body(query=TWO_QUERIES, operationName=chosen))
            assert answer.json() == {"data": data}
        for name in (None, "", "a", "C", "A ", "\0", "\ud800", "é", "x" * 100_000):
            told = (await http.post("/graphql", content=body(query=TWO_QUERIES, operationName=name))).json()
            assert told.keys() == {"errors"}, name
            assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_subscription_by_plain_post_is_refused(url: str) -> None:
    async with asking(url) as http:
        for accept in ("application/json", "application/graphql-response+json", "*/*"):
            answer = await http.post("/graphql", content=body(query=SUBSCRIPTION), headers={"Accept": accept})
            assert_refused(answer, 400, accept)
            assert "websocket" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
async def test_other_methods_are_refused_by_name(url: str, method: str) -> None:
    async with asking(url) as http:
        for content in (b"", body(query=A_QUERY)):
            answer = await http.request(method, "/graphql", content=content)
            assert_refused(answer, 405)
            assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


async def test_head_and_options_answer_without_running_anything(url: str) -> None:
    async with asking(url) as http:
        for method in ("HEAD", "OPTIONS"):
            answer = await http.request(method, "/graphql", params={"query": A_QUERY})
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


async def test_other_addresses_refuse_in_the_same_form(url: str) -> None:
    async with asking(url) as http:
        for path in ("/nothing", "/graphql/nothing", "/static/nothing", "/static/graphiql/nothing", "/.env", "/%00"):
            for method in ("GET", "POST"):
                answer = await http.request(method, path)
                if method == "POST" and path.startswith("/static/graphiql/"):
                    assert_refused(answer, 405, path)
                else:
                    assert_refused(answer, 404, path)
        for path in ("/", "/livez", "/readyz", "/health"):
            answer = await http.post(path, content=b"{}")
            assert_refused(answer, 405, path)
            assert "GET" in answer.headers["Allow"]
            assert (await http.get(path)).status_code == 200
