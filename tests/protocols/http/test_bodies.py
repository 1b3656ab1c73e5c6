"""Bodies of a POST: JSON in UTF-8, an object, not too large; anything else is refused, and the server goes on."""

import json

import httpx2
import pytest

from tests.protocols.http.exchanges import (
    A_QUERY,
    THE_ANSWER,
    asking,
    assert_refused,
    body,
    exchange,
    faults_of_refusal,
    is_well,
)

pytestmark = pytest.mark.asyncio

LARGEST = 256 * 1024
NO_TEXT: list[object] = [1, 1.5, True, [], {}, ["{ __typename }"]]
NO_OBJECT: list[object] = [1, "x", "{}", True, [], [1], [["a", 1]]]
NO_OPERATION: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"true",
    b"1",
    b"-0",
    b'"text"',
    b"[]",
    b"[1]",
    b"[[]]",
    b"[" + body(query=A_QUERY) + b"]",
    b"[" + b",".join([body(query=A_QUERY)] * 100) + b"]",
    b"{}",
    b'{"query": "{ __typ',
    b"{'query': 1}",
    b'{"query": "{ __typename }",}',
    b'{"query": "{ __typename }"}}',
    b'{"query": "{ __typename }"} {"query": "{ __typename }"}',
    b'{"query": "{ __typename }" // a comment\n}',
    b'{"query": "{\n __typename }"}',
    b'{"query": "\\x41"}',
    b'{"query": "\\uZZZZ"}',
    b'{"query": "\xff\xfe"}',
    b'{"query": "\xed\xa0\x80"}',
    b"\xff\xfe\x00",
    b"\x1f\x8b\x08",
    b"\x00" * 100,
    b'\xef\xbb\xbf{"query": "{ __typename }"}',
    '{"query": "{ __typename }"}'.encode("utf-16"),
    '{"query": "{ __typename }"}'.encode("utf-32"),
    b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    b'{"query": "{ __typename }", "variables": {"a": Infinity}}',
    b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
    b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    b'{"query": "{ __typename }", "variables": {"a": 01}}',
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"[" * 200_000,
    b"{ __typename }",
    b"query=%7B__typename%7D",
    body(query=None),
    body(operationName="A"),
    body(id="x", extensions={}),
    *(body(query=query) for query in NO_TEXT),
    *(body(query=A_QUERY, operationName=name) for name in NO_TEXT),
    *(body(query=A_QUERY, variables=variables) for variables in NO_OBJECT),
    *(body(query=A_QUERY, extensions=extensions) for extensions in NO_OBJECT),
]
"""Refused before there is an operation: 400 in every form."""

LENIENT: list[bytes] = [
    body(query=A_QUERY, variables=None, extensions=None, operationName=None),
    body(query=A_QUERY, variables={"unknown": 1, "\ud800": "\0"}),
    body(query=A_QUERY, extensions={"unknown": 1}),
    body(query=A_QUERY, unknown={"anything": []}),
    b'{"query": "{ nothing }", "query": "{ __typename }"}',
    b' \r\n\t{"query": "{ __typename }"}\n',
    b'{"query": "{ \\u005f_typename }"}',
    b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 4_000 + b"}}",
]
"""Odd, but with one meaning."""

OTHER_TYPES = [
    "",
    "text/plain",
    "text/plain; charset=utf-8",
    "text/plainapplication/json",
    "text/plain; application/json",
    "application/jsonx",
    "xapplication/json",
    "application/json+x",
    "application/ json",
    "application",
    "json",
    "*/*",
    "application/graphql",
    "application/graphql+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/json",
    ";;;",
    "; application/json",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=nonsense",
]
SAME_TYPE = [
    "application/json",
    "Application/JSON",
    "application/json;",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json ; charset=UTF8",
    "application/json; version=1",
]


async def test_what_is_no_operation_is_the_clients_mistake(url: str) -> None:
    async with asking(url) as http:
        for content in NO_OPERATION:
            assert_refused(await http.post("/graphql", content=content), 400, content[:100])
            assert await is_well(http), content[:100]


async def test_what_is_odd_but_clear_is_answered(url: str) -> None:
    async with asking(url) as http:
        for content in LENIENT:
            assert (await http.post("/graphql", content=content)).json() == THE_ANSWER, content[:100]


async def test_a_body_of_another_type_is_refused(url: str) -> None:
    async with asking(url) as http:
        for content_type in OTHER_TYPES:
            answer = await http.post("/graphql", content=body(query=A_QUERY), headers={"Content-Type": content_type})
            assert_refused(answer, 415, content_type)
        untyped = http.build_request("POST", "/graphql", content=body(query=A_QUERY))
        del untyped.headers["Content-Type"]
        assert_refused(await http.send(untyped), 415)
        for content_type in SAME_TYPE:
            answer = await http.post("/graphql", content=body(query=A_QUERY), headers={"Content-Type": content_type})
            assert answer.json() == THE_ANSWER, content_type


async def test_two_content_types_are_none(url: str) -> None:
    async with asking(url) as http:
        request = http.build_request("POST", "/graphql", content=body(query=A_QUERY))
        headers = [*request.headers.multi_items(), ("Content-Type", "text/plain")]
        assert_refused(await http.post("/graphql", content=body(query=A_QUERY), headers=headers), 415)


async def test_an_encoded_body_is_refused_unread(url: str) -> None:
    async with asking(url) as http:
        for encoding in ("gzip", "deflate", "br", "zstd", "identity, gzip", "x"):
            answer = await http.post("/graphql", content=body(query=A_QUERY), headers={"Content-Encoding": encoding})
            assert_refused(answer, 415, encoding)
        answer = await http.post("/graphql", content=body(query=A_QUERY), headers={"Content-Encoding": "identity"})
        assert answer.json() == THE_ANSWER


def of_size(size: int) -> bytes:
    empty = body(query=A_QUERY, padding="")
    return body(query=A_QUERY, padding=" " * (size - len(empty)))


async def test_the_largest_body(url: str) -> None:
    async with asking(url) as http:
        assert (await http.post("/graphql", content=of_size(LARGEST))).json() == THE_ANSWER
        answer = await http.post("/graphql", content=of_size(LARGEST + 1))
        assert_refused(answer, 413)
        extensions = answer.json()["errors"][0]["extensions"]
        assert extensions["code"] == "QUERY_TOO_COMPLEX"
        assert extensions["details"] == {"limit": "bodyBytes", "value": LARGEST + 1, "maximum": LARGEST}
        assert await is_well(http)


def head(*fields: str) -> bytes:
    lines = ["POST /graphql HTTP/1.1", "Host: x", "Content-Type: application/json", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_too_large_a_body_is_refused_by_its_length_before_it_comes(url: str) -> None:
    for announced in (LARGEST + 1, 50 * 2**20, 10**15):
        reply = await exchange(url, head(f"Content-Length: {announced}"))
        assert reply is not None
        assert (reply.status, list(faults_of_refusal(reply.status, reply.headers, reply.body))) == (413, [])
        told = json.loads(reply.body)["errors"][0]["extensions"]["details"]
        assert told == {"limit": "bodyBytes", "value": announced, "maximum": LARGEST}
        assert reply.headers["Connection"] == "close"


async def test_too_large_a_body_of_no_known_length(url: str) -> None:
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    reply = await exchange(url, head("Transfer-Encoding: chunked") + piece * 5)
    assert reply is not None
    assert (reply.status, list(faults_of_refusal(reply.status, reply.headers, reply.body))) == (413, [])
    assert reply.headers["Connection"] == "close"


async def test_a_body_in_pieces(url: str) -> None:
    content = body(query=A_QUERY)
    pieces = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in content)
    reply = await exchange(url, head("Transfer-Encoding: chunked") + pieces + b"0\r\n\r\n")
    assert reply is not None
    assert json.loads(reply.body) == THE_ANSWER


async def test_the_next_request_on_a_connection_after_one_refused(url: str) -> None:
    limits = httpx2.Limits(max_connections=1)
    async with httpx2.AsyncClient(base_url=url, limits=limits) as http:
        for content_type in ("text/plain", "application/json"):
            answer = await http.post("/graphql", content=b"{" * 10_000, headers={"Content-Type": content_type})
            assert answer.is_client_error
            assert await is_well(http)
