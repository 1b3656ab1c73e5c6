"""Operations asked for by event stream or multipart, read as the two protocols say and without their libraries."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from tests.client import UNUSED_TLS, Client, Json
from tests.conversations import FOLLOW, SECONDS, Enough, Reading, never

ACCEPTED = {"sse": "text/event-stream", "multipart": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"}
FORMS = list(ACCEPTED)


@dataclass(slots=True)
class Answer:
    """The payloads of one answer, heartbeats left out, and how it ended."""

    response: httpx2.Response
    frames: AsyncIterator[bytes]
    read: Callable[[bytes], Json | None]
    is_complete: bool = False
    told: list[Json] = field(default_factory=list[Json])
    """Errors of the stream itself."""

    async def payloads(self) -> AsyncGenerator[Json]:
        async for frame in self.frames:
            assert not self.is_complete, f"{frame!r} after the end"
            part = self.read(frame)
            if part is None:
                self.is_complete = True
            elif "payload" in part and part["payload"] is None:
                self.told = part["errors"]
            elif part:
                yield part["payload"]

    async def events(self) -> AsyncGenerator[Json]:
        """The one root field of each payload."""
        async for payload in self.payloads():
            assert "errors" not in payload, payload["errors"]
            (event,) = payload["data"].values()
            yield event

    async def all(self) -> list[Json]:
        """All payloads of an answer that came to its proper end."""
        payloads = [payload async for payload in self.payloads()]
        assert self.is_complete
        return payloads

    async def code(self) -> str:
        """Of the one error of an answer that holds nothing else."""
        (payload,) = await self.all()
        assert set(payload) == {"errors"}
        (error,) = payload["errors"]
        assert error["extensions"]["requestId"] == self.response.headers["x-request-id"]
        code: str = error["extensions"]["code"]
        return code


@asynccontextmanager
async def asked(client: Client, form: str, query: str, **variables: object) -> AsyncGenerator[Answer]:
    """The client goes away at the end."""
    headers = {**client.headers, "Accept": ACCEPTED[form], "Accept-Encoding": "gzip"}
    body = {"query": query, "variables": variables}
    async with (
        httpx2.AsyncClient(timeout=SECONDS, verify=UNUSED_TLS) as http,
        http.stream("POST", f"{client.url}/graphql", json=body, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert "content-encoding" not in response.headers, "packing would hold events back"
        content_type = response.headers["content-type"].partition(";")[0]
        assert content_type == ACCEPTED[form].partition(";")[0]
        delimiter = b"\n\n" if form == "sse" else b"\r\n--graphql"
        yield Answer(response, _split(response.aiter_raw(), delimiter), _event if form == "sse" else _part)


async def _split(chunks: AsyncIterator[bytes], delimiter: bytes) -> AsyncGenerator[bytes]:
    rest = b""
    async for chunk in chunks:
        *frames, rest = (rest + chunk).split(delimiter)
        for frame in frames:
            yield frame
        if rest == b"--\r\n":
            yield rest
            rest = b""
    assert rest == b""


def _event(frame: bytes) -> Json | None:
    if frame == b":":
        return {}
    if frame == b"event: complete\ndata:":
        return None
    kind, data = frame.split(b"\n")
    assert kind == b"event: next"
    return {"payload": json.loads(data.removeprefix(b"data: "))}


def _part(frame: bytes) -> Json | None:
    if frame == b"--\r\n":
        return None
    head, _, body = frame.removeprefix(b"--graphql").partition(b"\r\n\r\n")
    assert head == b"\r\nContent-Type: application/json"
    part: Json = json.loads(body)
    return part


async def follow(
    client: Client, form: str, reply: str, *, onto: Reading | None = None, enough: Enough = never
) -> Reading:
    """As tests.conversations.follow does by websocket."""
    reading = onto or Reading()
    async with asked(client, form, FOLLOW, id=reply, after=reading.position) as answer:
        async for event in answer.events():
            reading.take(event)
            if enough(reading):
                return reading
        assert answer.is_complete
    return reading
