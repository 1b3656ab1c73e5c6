"""Frames that no client should send: each ends its own socket with 4400 and a short reason, and nothing else."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.client import Json
from tests.commands import Operator
from tests.protocols.websocket.sockets import (
    INIT,
    TYPENAME,
    acknowledged,
    closing,
    connected,
    is_well,
    subscribe,
)
from tests.schema.shapes import faults_of_text
from tests.servers.processes import ServerProcess

BAD_REQUEST = 4400
NO_TEXT: list[object] = [0, 1, 1.5, True, False, [], ["1"], {}, {"a": 1}]
NO_OBJECT: list[object] = [0, 1, "", "x", "{}", True, False, [], [1], [["a", 1]]]
NO_ID: list[object] = [*NO_TEXT, None, ""]


def without(message: Json, *names: str) -> Json:
    return {name: value for name, value in message.items() if name not in names}


def with_payload(**parts: object) -> Json:
    return {"type": "subscribe", "id": "1", "payload": {"query": TYPENAME} | parts}


NO_JSON: list[str | bytes] = [
    "",
    " ",
    "x",
    "{",
    '{"type": "subsc',
    "{'type': 'ping'}",
    '{"type": "ping",}',
    '{"type": "ping"}}',
    '{"type": "ping"} {"type": "ping"}',
    '{"type": "ping" /* now */}',
    '{"type": "pi\nng"}',
    '{"type": "\\x41"}',
    '{"type": "\\uZZZZ"}',
    '\ufeff{"type": "ping"}',
    "\0",
    "undefined",
    '{"type": "ping", "payload": {"a": NaN}}',
    '{"type": "ping", "payload": {"a": Infinity}}',
    '{"type": "ping", "payload": {"a": -Infinity}}',
    '{"type": "ping", "payload": {"a": 01}}',
    '{"type": "ping", "payload": {"a": 0x1}}',
    '{"type": "ping", "payload": {"a": ' + "9" * 5_000 + "}}",
    '{"type": "ping", "payload": {"a": -' + "9" * 60_000 + "}}",
    '{"type": "ping", "payload": {"a": 1e999}}',
    '{"type": "ping", "payload": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
    "[" * 60_000,
    "[" * 30_000 + "]" * 30_000,
    '{"a":' * 10_000,
    *("null", "true", "0", "1.5", '"ping"', "[]", '["ping"]', '[{"type": "ping"}]', "[[]]"),
    b"",
    b"\0\1",
    b'{"type": "ping"}',
    b"\xff\xfe",
]
NO_MESSAGE: list[Json] = [
    {},
    {"id": "1", "payload": {}},
    {"Type": "ping"},
    {"type": "Ping"},
    {"type": "ping "},
    {"type": "nothing"},
    {"type": "\ud800"},
    {"type": "ü" * 5_000},
    {"type": "subscribe\0"},
    *({"type": kind} for kind in [*NO_TEXT, None, ""]),
    *({"type": kind, "payload": payload} for kind in ("ping", "pong") for payload in NO_OBJECT),
    {"type": "subscribe"},
    *(without(subscribe("1"), name) for name in ("id", "payload")),
    *(subscribe("1") | {"id": number} for number in NO_ID),
    *(subscribe("1") | {"payload": payload} for payload in [*NO_OBJECT, None]),
    {"type": "subscribe", "id": "1", "payload": {}},
    {"type": "subscribe", "id": "1", "payload": {"variables": {}, "extensions": {}}},
    *(with_payload(query=query) for query in [*NO_TEXT, None]),
    *(with_payload(operationName=name) for name in NO_TEXT),
    *(with_payload(variables=variables) for variables in NO_OBJECT),
    *(with_payload(extensions=extensions) for extensions in NO_OBJECT),
    {"type": "complete"},
    *({"type": "complete", "id": number} for number in NO_ID),
]
FRAMES: list[str | bytes] = [*NO_JSON, *(json.dumps(message) for message in NO_MESSAGE)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerProcess]]:
    """A server whose every word can be read."""
    variables = {"LOG_LEVEL": "WARNING", "YOUTUBE_ORIGIN": "http://127.0.0.1:9", "SOCKET_MESSAGES": "1000/second"}
    operator = Operator(folder=tmp_path_factory.mktemp("server"), variables=variables)
    operator.run("migrate")
    with operator.serving("--no-worker") as (url, process):
        yield url, process


async def ended(connection: ClientConnection, frame: str | bytes) -> tuple[int, str]:
    await connection.send(frame)
    return await closing(connection)


def test_the_corpus_is_large_enough() -> None:
    assert len(FRAMES) == len(set(FRAMES)) >= 60


@pytest.mark.asyncio
@pytest.mark.parametrize("first", [True, False], ids=["before the acknowledgement", "after it"])
async def test_each_ends_its_own_socket_only(served: tuple[str, ServerProcess], *, first: bool) -> None:
    url, process = served
    said = len(process.output())
    async with acknowledged(url) as bystander:
        for frame in FRAMES:
            async with connected(url) if first else acknowledged(url) as connection:
                code, reason = await ended(connection, frame)
            assert code == BAD_REQUEST, (frame[:200], code, reason)
            assert reason, frame[:200]
            assert len(reason.encode()) <= 123
            assert list(faults_of_text(reason)) == [], frame[:200]
            assert await is_well(bystander), frame[:200]
    assert process.output()[said:] == ""


@pytest.mark.asyncio
async def test_reasons_are_sentences(served: tuple[str, ServerProcess]) -> None:
    expected: dict[str | bytes, str] = {
        "x": "This is not JSON: Expecting value at character 1.",
        "[]": "A message is a JSON object.",
        "{}": "The message has no type.",
        b"{}": "Only text frames are taken.",
        '{"type": "nothing"}': "A client sends no message of the type nothing.",
        '{"type": "complete"}': "The id must be a text, and not empty.",
        json.dumps(with_payload(query=1)): "query must be a text.",
        json.dumps(with_payload(variables=[])): "variables must be an object.",
        "[" * 60_000: "The JSON is nested too deeply.",
    }
    for frame, reason in expected.items():
        async with connected(served[0]) as connection:
            assert await ended(connection, frame) == (BAD_REQUEST, reason)


@pytest.mark.asyncio
async def test_what_is_no_websocket_any_more(served: tuple[str, ServerProcess]) -> None:
    """Text that is not UTF-8, frames that the protocol below does not know, and a peer that breaks off in one."""
    url, process = served
    said = len(process.output())
    async with acknowledged(url) as bystander:
        for raw, code in (
            (Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True), 1007),
            (Frame(Opcode.TEXT, b'{"type": "\xed\xa0\x80"}').serialize(mask=True), 1007),
            (Frame(Opcode.TEXT, b"{}").serialize(mask=False), 1002),
            (Frame(Opcode.CONT, b"{}").serialize(mask=True), 1002),
            (b"\x83\x80\0\0\0\0", 1002),
            (b"\xf1\x80\0\0\0\0", 1002),
        ):
            async with acknowledged(url) as connection:
                connection.transport.write(raw)
                assert (await closing(connection))[0] == code, raw
            assert await is_well(bystander), raw
        for raw in (b"\x81", b"\x81\xfe\xff\xff\0\0\0\0{", b"\x88\x80"):
            async with acknowledged(url) as connection:
                connection.transport.write(raw)
                connection.transport.close()
                async with asyncio.timeout(5):
                    with pytest.raises(ConnectionClosed):
                        await connection.recv()
            assert await is_well(bystander), raw
    assert "Traceback" not in process.output()[said:]


@pytest.mark.asyncio
async def test_many_at_once(served: tuple[str, ServerProcess]) -> None:
    url, process = served
    said = len(process.output())

    async def one(frame: str | bytes) -> int:
        async with connected(url) as connection:
            await connection.send(json.dumps(INIT))
            # In one go, so that some come while the first is still being answered.
            for _ in range(3):
                try:
                    await connection.send(frame)
                except ConnectionClosed:
                    break
            return (await closing(connection))[0]

    async with acknowledged(url) as bystander:
        for start in range(0, len(FRAMES), 40):
            async with asyncio.TaskGroup() as group:
                codes = [group.create_task(one(frame)) for frame in FRAMES[start : start + 40]]
            assert {task.result() for task in codes} == {BAD_REQUEST}
        assert await is_well(bystander)
    assert process.output()[said:] == ""
