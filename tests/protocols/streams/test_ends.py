"""A stream whose client goes away, or whose server does, is closed at once; the garbage collector is not waited for."""

import asyncio
import gc
import json
import socket
import struct
from collections.abc import AsyncGenerator, Iterator

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from schema.transport.last_resort import LastResort
from schema.transport.pipeline import Payload
from schema.transport.request_log import RequestLog
from tests.client import UNUSED_TLS
from tests.conditions import until
from tests.protocols.streams.raw import connected
from tests.protocols.streams.stage import Source, listening, staged

pytestmark = pytest.mark.asyncio

FORMS = ["sse", "multipart"]
LARGE = "x" * 32 * 1024


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def reset(connection: socket.socket) -> None:
    """The next close sends RST, as the end of a process with unread data does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_abrupt", [False, True])
async def test_a_client_that_leaves_an_idle_stream(form: str, *, is_abrupt: bool) -> None:
    source = Source()
    async with staged(form, source.payloads) as stage:
        async with connected(stage.port) as wire:
            await wire.ask()
            await wire.read_head()
            await wire.read_chunk()
            if is_abrupt:
                reset(wire.connection)
        await source.until_closed()
        await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
async def test_a_client_that_leaves_a_busy_stream(form: str) -> None:
    source = Source()
    async with staged(form, lambda: source.flood("tick")) as stage:
        async with (
            httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http,
            http.stream("GET", stage.url) as response,
        ):
            async for _ in response.aiter_raw():
                if source.taken > 50:
                    break
        await source.until_closed()
        await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_abrupt", [False, True])
async def test_a_client_that_stops_reading_and_then_leaves(form: str, *, is_abrupt: bool) -> None:
    source = Source()
    async with staged(form, lambda: source.flood(LARGE), heartbeat_seconds=0.01) as stage:
        async with connected(stage.port) as wire:
            await wire.ask()
            await wire.read_head()
            await stage.until_blocked()
            assert not source.is_closed
            # What the kernel holds for both ends, and no more: megabytes would be a queue of ours.
            assert source.taken * len(LARGE) < 16 * 1024 * 1024
            if is_abrupt:
                reset(wire.connection)
        await source.until_closed()
        await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
async def test_a_client_that_left_before_the_stream_began(form: str) -> None:
    source = Source()
    asked = asyncio.Event()
    async with staged(form, source.payloads) as stage:

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            asked.set()
            await receive()
            while (await receive())["type"] != "http.disconnect":
                pass
            await stage(scope, receive, send)

        async with listening(RequestLog(LastResort(late))) as server:
            async with connected(server.config.port) as wire:
                await wire.ask()
                await asked.wait()
            await source.until_closed()
            await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
async def test_the_end_of_the_server_ends_an_idle_stream(form: str) -> None:
    source, shutdown = Source(), asyncio.Event()
    async with staged(form, source.payloads, shutdown=shutdown) as stage, connected(stage.port) as wire:
        await wire.ask()
        await wire.read_head()
        await wire.read_chunk()
        source.put({"data": 1})
        await wire.read_chunk()
        shutdown.set()
        chunks, is_whole = await wire.read_chunks()
        await stage.until_idle()
        assert source.is_closed
        if form == "sse":
            assert (chunks, is_whole) == ([], False), "no complete and no end, so that the client subscribes again"
        else:
            assert is_whole
            (last,) = chunks
            assert last.endswith(b"\r\n--graphql--\r\n")
            told = json.loads(last.partition(b"\r\n\r\n")[2].partition(b"\r\n--graphql")[0])
            assert told["payload"] is None
            assert [error["extensions"]["code"] for error in told["errors"]] == ["SERVER_SHUTDOWN"]


@pytest.mark.parametrize("form", FORMS)
async def test_the_end_of_the_server_closes_what_a_stalled_client_left(form: str) -> None:
    source, shutdown = Source(), asyncio.Event()
    async with staged(form, lambda: source.flood(LARGE), shutdown=shutdown) as stage:
        async with connected(stage.port) as wire:
            await wire.ask()
            await wire.read_head()
            await stage.until_blocked()
            shutdown.set()
            await source.until_closed()
        await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
async def test_a_stream_that_begins_when_the_server_ends(form: str) -> None:
    source, shutdown = Source(), asyncio.Event()
    shutdown.set()
    async with staged(form, source.payloads, shutdown=shutdown) as stage, connected(stage.port) as wire:
        await wire.ask()
        await wire.read_head()
        _, is_whole = await wire.read_chunks()
        assert is_whole is (form == "multipart")
        await stage.until_idle()


@pytest.mark.parametrize("form", FORMS)
async def test_a_call_that_is_cancelled_closes_its_stream_first(form: str) -> None:
    """As uvicorn does to what has not ended within its grace."""
    order: list[str] = []

    async def payloads() -> AsyncGenerator[Payload]:
        try:
            yield {"data": 1}
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            order.append("closed")

    async with staged(form, payloads) as stage:

        async def one_payload_sent() -> bool:
            return stage.sends == 3 and not stage.is_sending

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async with asyncio.TaskGroup() as group:
                call = group.create_task(stage(scope, receive, send))
                await until(one_payload_sent)
                call.cancel()
            order.append("cancelled" if call.cancelled() else "ended")

        async with listening(RequestLog(LastResort(app))) as server, connected(server.config.port) as wire:
            await wire.ask()
            await wire.read_head()
            _, is_whole = await wire.read_chunks()
            assert not is_whole
    assert order == ["closed", "cancelled"]
