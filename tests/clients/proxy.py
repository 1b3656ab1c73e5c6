"""A TCP proxy on loopback that can lose its connections, as a train in a tunnel does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 64 * 1024


class Proxy:
    """Passes bytes between clients and `target`, the port of a server; `target` may be changed at any time."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Lose all connections, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = {writer}
        self._writers.add(writer)
        try:
            # While the server is away, a client is hung up on.
            with suppress(OSError):
                server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
                writers.add(server_writer)
                self._writers.add(server_writer)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pass(reader, server_writer))
                    group.create_task(_pass(server_reader, writer))
        finally:
            self._writers -= writers
            for each in writers:
                each.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side is gone."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy_to(target: int) -> AsyncGenerator[tuple[str, Proxy]]:
    """Where it listens, and the proxy."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", proxy
    finally:
        server.close()
        proxy.cut()
