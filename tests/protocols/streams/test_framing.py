"""Both protocols byte by byte."""

import asyncio
import json

import pytest
import structlog

from schema.transport.pipeline import Payload
from schema.transport.streams.response import single
from tests.protocols.streams.raw import connected
from tests.protocols.streams.stage import Source, staged

pytestmark = pytest.mark.asyncio

FIRST: Payload = {"data": {"n": 1}}
SECOND: Payload = {"data": {"n": "Zoë\n\ud83d"}}
FORMS = ["sse", "multipart"]
PART = b"\r\nContent-Type: application/json\r\n\r\n"
OPENINGS = {"sse": b":\n\n", "multipart": b"--graphql" + PART + b"{}\r\n--graphql"}
HEARTBEATS = {"sse": b":\n\n", "multipart": PART + b"{}\r\n--graphql"}
ENDINGS = {"sse": b"event: complete\ndata:\n\n", "multipart": b"--\r\n"}
FRAMED = {
    "sse": [
        b'event: next\ndata: {"data":{"n":1}}\n\n',
        b'event: next\ndata: {"data":{"n":"Zo\\u00eb\\n\\ud83d"}}\n\n',
    ],
    "multipart": [
        PART + b'{"payload":{"data":{"n":1}}}\r\n--graphql',
        PART + b'{"payload":{"data":{"n":"Zo\\u00eb\\n\\ud83d"}}}\r\n--graphql',
    ],
}
CONTENT_TYPES = {
    "sse": b"text/event-stream",
    "multipart": b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
}


@pytest.mark.parametrize("form", FORMS)
async def test_each_payload_is_a_chunk_of_its_own_and_the_head_does_not_wait_for_one(form: str) -> None:
    source = Source()
    async with staged(form, source.payloads) as stage, connected(stage.port) as wire:
        await wire.ask()
        status, *lines = (await wire.read_head()).split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in lines)
        assert status == b"HTTP/1.1 200 OK"
        assert headers[b"content-type"] == CONTENT_TYPES[form].lower()
        assert CONTENT_TYPES[form] in wire.head
        assert headers[b"cache-control"] == b"no-cache, no-transform"
        assert headers[b"x-accel-buffering"] == b"no"
        assert headers[b"transfer-encoding"] == b"chunked"
        assert b"content-length" not in headers
        assert await wire.read_chunk() == OPENINGS[form]
        for payload, framed in zip([FIRST, SECOND], FRAMED[form], strict=True):
            source.put(payload)
            assert await wire.read_chunk() == framed
        source.put(None)
        assert await wire.read_chunks() == ([ENDINGS[form]], True)
        await stage.until_idle()
        assert source.is_closed


@pytest.mark.parametrize("form", FORMS)
async def test_a_stream_of_nothing_and_one_of_a_single_payload_end_properly(form: str) -> None:
    empty = Source()
    empty.put(None)
    async with staged(form, empty.payloads) as stage, connected(stage.port) as wire:
        await wire.ask()
        await wire.read_head()
        assert await wire.read_chunks() == ([OPENINGS[form], ENDINGS[form]], True)
    async with staged(form, lambda: single({"data": {"n": 1}})) as stage, connected(stage.port) as wire:
        await wire.ask()
        await wire.read_head()
        assert await wire.read_chunks() == ([OPENINGS[form], FRAMED[form][0], ENDINGS[form]], True)


@pytest.mark.parametrize("form", FORMS)
async def test_heartbeats_come_while_nothing_else_does(form: str) -> None:
    source = Source()
    async with staged(form, source.payloads, heartbeat_seconds=0.02) as stage, connected(stage.port) as wire:
        await wire.ask()
        await wire.read_head()
        assert await wire.read_chunk() == OPENINGS[form]
        for _ in range(3):
            assert await wire.read_chunk() == HEARTBEATS[form]
        source.put(FIRST)
        while (chunk := await wire.read_chunk()) == HEARTBEATS[form]:
            pass
        assert chunk == FRAMED[form][0]
        assert await wire.read_chunk() == HEARTBEATS[form]
        source.put(None)
        chunks, is_whole = await wire.read_chunks()
        assert (chunks[-1], is_whole) == (ENDINGS[form], True)
        assert set(chunks[:-1]) <= {HEARTBEATS[form]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("broken", [RuntimeError("the secret word"), OSError("no such host")])
async def test_a_stream_that_breaks_says_so_and_no_more(form: str, broken: Exception) -> None:
    source = Source()
    source.put(FIRST, broken)
    with structlog.testing.capture_logs() as logs:
        async with staged(form, source.payloads) as stage, connected(stage.port) as wire:
            await wire.ask(b"GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: r-1\r\n\r\n")
            await wire.read_head()
            chunks, is_whole = await wire.read_chunks()
    assert chunks[:2] == [OPENINGS[form], FRAMED[form][0]]
    assert len(chunks) == 3
    assert is_whole
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-1"}
    error = {"message": "Something went wrong on our side.", "extensions": extensions}
    if form == "sse":
        event, _, rest = chunks[2].removeprefix(b"event: next\ndata: ").partition(b"\n\n")
        assert json.loads(event) == {"errors": [error]}
    else:
        body, _, rest = chunks[2].removeprefix(PART).partition(b"\r\n--graphql")
        assert json.loads(body) == {"payload": None, "errors": [error]}
    assert rest == ENDINGS[form]
    assert source.is_closed
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["request.failed"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_payload_that_is_no_json_breaks_the_stream(form: str) -> None:
    source = Source()
    source.put({"data": float("inf")})
    with structlog.testing.capture_logs() as logs:
        async with staged(form, source.payloads) as stage, connected(stage.port) as wire:
            await wire.ask()
            await wire.read_head()
            chunks, is_whole = await wire.read_chunks()
    assert is_whole
    assert b"INTERNAL_SERVER_ERROR" in chunks[-1]
    assert source.is_closed
    assert logs[0]["event"] == "request.failed"


@pytest.mark.parametrize("form", FORMS)
async def test_streams_go_on_side_by_side(form: str) -> None:
    sources = [Source() for _ in range(20)]
    waiting = iter(sources)
    async with staged(form, lambda: next(waiting).payloads()) as stage:

        async def read(source: Source) -> None:
            async with connected(stage.port) as wire:
                await wire.ask()
                await wire.read_head()
                await wire.read_chunk()
                for _ in range(50):
                    source.put(FIRST)
                    assert await wire.read_chunk() == FRAMED[form][0]
                source.put(None)
                assert await wire.read_chunks() == ([ENDINGS[form]], True)

        await asyncio.gather(*(read(source) for source in sources))
