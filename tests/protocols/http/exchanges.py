"""Bytes to a server and what it says to them: for requests that no client would make."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from tests.schema.shapes import faults_of_errors, faults_of_text

SECONDS = 15
A_QUERY = "{ __typename }"
JSON_TYPE = {"Content-Type": "application/json"}
OUR_TYPES = {"application/json", "application/graphql-response+json"}
THE_ANSWER = {"data": {"__typename": "Query"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: httpx2.Headers
    body: bytes


def body(**parts: object) -> bytes:
    return json.dumps(parts).encode()


async def exchange(url: str, sent: bytes) -> Reply | None:
    """The last answer to these bytes, or None when the connection is closed without any."""
    address = urlsplit(url)
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(sent)
            reply = await _reply(reader)
            while reply is not None and reply.status < httpx2.codes.OK:  # only asks to go on
                reply = await _reply(reader)
            return reply
        finally:
            writer.close()


async def send_half(url: str, sent: bytes) -> bytes:
    """All that comes back once it is clear that no more will be sent."""
    address = urlsplit(url)
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(sent)
            writer.write_eof()
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


async def _reply(reader: asyncio.StreamReader) -> Reply | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    status, *fields = head.strip().split(b"\r\n")
    pairs = [(name, value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
    headers = httpx2.Headers(pairs)
    content = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return Reply(status=int(status.split()[1]), headers=headers, body=content)


def faults_of_refusal(status: int, headers: httpx2.Headers, content: bytes) -> Iterator[str]:
    """What is wrong with an answer that blames the client."""
    if not 400 <= status < 500:
        yield f"status {status}"
    if headers.get("Content-Type", "").partition(";")[0] not in OUR_TYPES:
        yield f"of type {headers.get('Content-Type')}"
        return
    told = json.loads(content)
    if told.keys() != {"errors"}:
        yield f"holds {sorted(told)}"
    yield from faults_of_errors(told.get("errors", []), headers.get("X-Request-ID"))
    yield from faults_of_text(content.decode())


def assert_refused(answer: httpx2.Response, status: int, what: object = None) -> None:
    faults = list(faults_of_refusal(answer.status_code, answer.headers, answer.content))
    assert (answer.status_code, faults) == (status, []), (what, answer.text[:500])


@asynccontextmanager
async def asking(url: str, **headers: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client whose requests have JSON bodies, unless told otherwise."""
    async with httpx2.AsyncClient(base_url=url, headers=JSON_TYPE | headers, timeout=SECONDS) as http:
        yield http


async def is_well(http: httpx2.AsyncClient) -> bool:
    answer = await http.post("/graphql", content=body(query=A_QUERY), headers=JSON_TYPE)
    return bool(answer.json() == THE_ANSWER)
