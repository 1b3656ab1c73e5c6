"""Operations with headers that a well-behaved client would not send: twice, blank, or of other bytes than ASCII."""

import asyncio
import json
from urllib.parse import urlsplit

import httpx2

from tests.client import Answer


async def post(url: str, query: str, *headers: tuple[str, str]) -> Answer:
    """Header values are sent as they are, in Latin-1."""
    address = urlsplit(url)
    content = json.dumps({"query": query}).encode()
    lines = [
        "POST /graphql HTTP/1.1",
        f"Host: {address.netloc}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    status, *fields = head.split(b"\r\n")
    pairs = [(name, value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
    return Answer(status=int(status.split()[1]), headers=httpx2.Headers(pairs), body=json.loads(body))
