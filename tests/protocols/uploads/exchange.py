"""Files sent by hand, for what no client of HTTP would send."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.uploads import Created


def head(created: Created, *fields: str) -> bytes:
    address = urlsplit(created.url)
    lines = [f"PUT {address.path} HTTP/1.1", f"Host: {address.netloc}", "Content-Type: image/png", *fields, "", ""]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def connected(created: Created) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(created.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status_of(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(60):
        return int((await reader.readline()).split()[1])
