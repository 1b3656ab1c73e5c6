"""A provider of models on loopback, without its dialect: what it is asked, what it says piece by piece, and who hangs up."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from tests.client import Json


class Fault(Enum):
    """What goes wrong in the middle."""

    CUT = auto()
    """The connection ends within the answer."""
    UNFINISHED = auto()
    """The answer ends, but not as one that is whole."""
    GARBAGE = auto()
    """An event that is no JSON."""
    NONSENSE = auto()
    """JSON of another shape than promised."""
    ERROR = auto()
    """An event that tells of a failure."""
    BLOCKED = auto()
    """It will not go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An HTTP error; its text repeats the key, as such texts sometimes do."""

    status: int
    location: str | None = None
    retry_after: int | None = None


Step = str | bytes | asyncio.Event | Fault
Script = Sequence[Step] | Refusal
"""Pieces to say, bytes to send as they are and gates to wait at; it ends well unless a fault ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    path: str
    key: str
    """As it came in its header."""
    body: Json


class Dialect(Protocol):
    """How a provider's answers are spelled."""

    key_header: str
    key_prefix: str

    def piece(self, text: str) -> bytes: ...
    def ending(self, reason: str) -> bytes: ...
    def failure(self, status: int, text: str) -> Json: ...


@dataclass(slots=True)
class ModelServer:
    """`scripts`: one a request, the last for all that follow."""

    url: str
    dialect: Dialect
    scripts: list[Script] = field(default_factory=list[Script])
    asked: list[Asked] = field(default_factory=list[Asked])
    hung_up: int = 0
    """How often the client closed the connection before the answer was over."""

    answering: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        self.answering.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._converse(reader, writer)
        finally:
            self.answering.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await self._read(reader)
        script = self.scripts[min(len(self.asked), len(self.scripts) - 1)]
        self.asked.append(asked)
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(self._speak(script, asked, writer))
            listening = group.create_task(reader.read(1))
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
            self.hung_up += not speaking.done()
            speaking.cancel()
            listening.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        key = headers.get(self.dialect.key_header, "").removeprefix(self.dialect.key_prefix)
        return Asked(path=head[0].split()[1], key=key, body=body)

    async def _speak(self, script: Script, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if isinstance(script, Refusal):
            body = json.dumps(self.dialect.failure(script.status, f"Never with {asked.key}!")).encode()
            location = f"Location: {script.location}\r\n" if script.location else ""
            wait = f"Retry-After: {script.retry_after}\r\n" if script.retry_after is not None else ""
            head = f"HTTP/1.1 {script.status} No\r\nContent-Type: application/json\r\n{location}{wait}"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        else:
            await self._stream(script, asked, writer)
        await writer.drain()

    def _say(self, step: str | bytes, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, bytes):
            writer.write(f"{len(step):x}\r\n".encode() + step + b"\r\n")
        else:
            _chunk(writer, self.dialect.piece(step))

    async def _stream(self, steps: Sequence[Step], asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        for step in steps:
            match step:
                case asyncio.Event():
                    await step.wait()
                case str() | bytes():
                    self._say(step, writer)
                case Fault.CUT:
                    return
                case Fault.UNFINISHED:
                    writer.write(b"0\r\n\r\n")
                    return
                case Fault.GARBAGE:
                    _chunk(writer, f"data: {{{asked.key}\n\n".encode())
                case Fault.NONSENSE:
                    _chunk(writer, b'data: [7, {"choices": "none", "candidates": 7}]\n\n')
                case Fault.ERROR:
                    failure = self.dialect.failure(503, f"Never with {asked.key}!")
                    _chunk(writer, b"data: " + json.dumps(failure).encode() + b"\n\n")
                case Fault.BLOCKED:
                    _chunk(writer, self.dialect.ending("blocked"))
                    break
            await writer.drain()
        else:
            _chunk(writer, self.dialect.ending("whole"))
        writer.write(b"0\r\n\r\n")


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    # In two parts, so that no event comes whole.
    for part in (data[: len(data) // 2], data[len(data) // 2 :]):
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")


@asynccontextmanager
async def model_server(dialect: Dialect, path: str) -> AsyncGenerator[ModelServer]:
    """`path`: where the provider's API begins."""
    made = ModelServer(url="", dialect=dialect)
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
        for task in made.answering:
            task.cancel()
        await asyncio.gather(*made.answering, return_exceptions=True)
