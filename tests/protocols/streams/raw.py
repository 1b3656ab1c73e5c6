"""A client that sees every byte, reads when it is told to, and hangs up as it likes."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SECONDS = 10
SMALL = 4 * 1024
CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


@dataclass(slots=True)
class Wire:
    connection: socket.socket
    head: bytes = b""
    rest: bytes = b""

    async def ask(self, request: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> None:
        await asyncio.get_running_loop().sock_sendall(self.connection, request)

    async def read_head(self) -> bytes:
        """The status line and the headers."""
        while b"\r\n\r\n" not in self.rest:
            self.rest += await self._receive()
        self.head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return self.head

    async def read_chunk(self) -> bytes | None:
        """One chunk of the body as the server sent it; empty at its proper end, None where the connection ends instead."""
        while not (match := CHUNK.match(self.rest)) or len(self.rest) < match.end() + int(match[1], 16) + 2:
            received = await self._receive()
            if not received:
                assert self.rest == b"", "the connection ended within a chunk"
                return None
            self.rest += received
        end = match.end() + int(match[1], 16)
        chunk, self.rest = self.rest[match.end() : end], self.rest[end + 2 :]
        return chunk

    async def read_chunks(self) -> tuple[list[bytes], bool]:
        """All that are left, and whether the body came to its proper end."""
        chunks: list[bytes] = []
        while chunk := await self.read_chunk():
            chunks.append(chunk)
        return chunks, chunk is not None

    async def _receive(self) -> bytes:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().sock_recv(self.connection, 64 * 1024)


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[Wire]:
    with socket.socket() as connection:
        connection.setblocking(False)
        # So that the server is soon stuck when nothing is read.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        yield Wire(connection)
