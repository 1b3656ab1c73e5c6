"""The form of an answer follows from Accept, and the status of what was refused from the form."""

import pytest

from tests.protocols.http.exchanges import A_QUERY, JSON_TYPE, THE_ANSWER, asking, assert_refused, body

pytestmark = pytest.mark.asyncio

JSON = "application/json; charset=utf-8"
RESPONSE = "application/graphql-response+json; charset=utf-8"

FORMS: list[tuple[str | None, str]] = [
    (None, JSON),
    ("", JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    ("application/json", JSON),
    ("APPLICATION/JSON", JSON),
    ("application/json; charset=utf-8", JSON),
    ("application/graphql-response+json", RESPONSE),
    ("Application/GraphQL-Response+JSON", RESPONSE),
    ("application/graphql-response+json; charset=utf-8", RESPONSE),
    ("application/graphql-response+json, application/json", RESPONSE),
    ("application/json, application/graphql-response+json", JSON),
    ("application/json;q=0.9, application/graphql-response+json", RESPONSE),
    ("application/json;q=0.9,application/graphql-response+json;q=0.8", JSON),
    ("application/graphql-response+json;q=0, application/json", JSON),
    ("application/graphql-response+json;q=0, */*", JSON),
    ("text/plain, application/graphql-response+json;q=0.001", RESPONSE),
    ("text/plain, */*;q=0.1", JSON),
    ("application/xml;q=1, application/json;q=0.5", JSON),
    ("application/graphql-response+json;q=1.0;x=y", RESPONSE),
    ('application/graphql-response+json;profile="a"', RESPONSE),
    # What urql sends with every query, and Apollo Client.
    (
        "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
        RESPONSE,
    ),
    ("application/graphql-response+json,application/json;q=0.9", RESPONSE),
    (",, ,application/graphql-response+json,", RESPONSE),
    ("garbage, application/json", JSON),
    (";;;, application/graphql-response+json", RESPONSE),
    ("application/json;q=nonsense, application/graphql-response+json;q=0.1", RESPONSE),
    ("text/html, application/json;q=0.5", JSON),  # a page answers no POST
]

NOT_ACCEPTABLE = [
    "text/plain",
    "image/png, text/css",
    "application/xml",
    "application/json;q=0",
    "application/json;q=0.0, application/graphql-response+json;q=0",
    "multipart/mixed",
    "garbage",
    "\u00e9",
]

SOMETHING_WRONG: list[tuple[str, bytes]] = [
    ("syntax", body(query="{")),
    ("empty document", body(query="")),
    ("validation", body(query="{ nothing }")),
    ("no such operation", body(query=A_QUERY, operationName="Other")),
    ("which operation", body(query="query A { __typename } query B { __typename }")),
    ("no operation", body(query="fragment F on Query { __typename }")),
    ("variable missing", body(query="query ($id: ID!) { node(id: $id) { id } }")),
    ("variable of another type", body(query="query ($id: ID!) { node(id: $id) { id } }", variables={"id": [1]})),
    ("limit", body(query="{ " + "a: __typename " * 1_001 + "}")),
]
"""Understood as a request, refused before anything is run."""


async def test_the_form_that_is_asked_for(url: str) -> None:
    async with asking(url) as http:
        for accept, form in FORMS:
            request = http.build_request("POST", "/graphql", content=body(query=A_QUERY))
            del request.headers["Accept"]
            if accept is not None:
                request.headers["Accept"] = accept
            answer = await http.send(request)
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, form), accept
            assert answer.json() == THE_ANSWER
            assert "Accept" in answer.headers["Vary"].split(", ")


async def test_several_accept_headers_are_one(url: str) -> None:
    async with asking(url) as http:
        headers = [("Accept", "application/json;q=0.5"), ("Accept", "application/graphql-response+json")]
        answer = await http.post("/graphql", content=body(query=A_QUERY), headers=headers)
        assert answer.headers["Content-Type"] == RESPONSE


async def test_a_form_that_we_do_not_have(url: str) -> None:
    async with asking(url) as http:
        for accept in NOT_ACCEPTABLE:
            sent = {**JSON_TYPE, "Accept": accept}
            headers = {name.encode(): value.encode("latin-1") for name, value in sent.items()}
            answer = await http.post("/graphql", content=body(query=A_QUERY), headers=headers)
            assert_refused(answer, 406, accept)


async def test_the_status_follows_from_the_form(url: str) -> None:
    """Readers of plain JSON take any 4xx for a broken server; the newer form was made so that the status can be told."""
    async with asking(url) as http:
        for what, content in SOMETHING_WRONG:
            answer = await http.post("/graphql", content=content, headers={"Accept": "application/json"})
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON), what
            plain = answer.json()
            answer = await http.post(
                "/graphql", content=content, headers={"Accept": "application/graphql-response+json"}
            )
            assert answer.headers["Content-Type"] == RESPONSE
            assert_refused(answer, 400, what)
            # Execution never began: there is no data, not even null.
            assert plain.keys() == answer.json().keys() == {"errors"}, what
            assert [error["message"] for error in plain["errors"]] == [
                error["message"] for error in answer.json()["errors"]
            ]


async def test_an_error_of_a_field_is_an_answer(url: str) -> None:
    async with asking(url) as http:
        for accept in ("application/json", "application/graphql-response+json"):
            query = '{ server { version } video(by: {youtube: "sample-tide"}) { id } }'
            answer = await http.post("/graphql", content=body(query=query), headers={"Accept": accept})
            told = answer.json()
            assert (answer.status_code, told["data"]["video"]) == (200, None)
            assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_what_is_no_request_is_400_in_every_form(url: str) -> None:
    async with asking(url) as http:
        for accept in ("application/json", "application/graphql-response+json", "text/event-stream", "*/*"):
            answer = await http.post("/graphql", content=b"{", headers={"Accept": accept})
            assert_refused(answer, 400, accept)


async def test_caches_are_told_what_an_answer_depends_on(url: str) -> None:
    async with asking(url) as http:
        for origin, allowed in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
            for content in (body(query=A_QUERY), b"{"):
                answer = await http.post("/graphql", content=content, headers={"Origin": origin})
                assert {"Accept", "Origin"} <= set(answer.headers["Vary"].split(", "))
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
                assert answer.headers["Cache-Control"] == "no-store"
