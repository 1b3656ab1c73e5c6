"""Blobs as tests send and read them."""

from collections.abc import AsyncGenerator, Iterable

from services.storage.storage import Blob, Storage

PNG = "image/png"
LIMIT = 10 * 1024 * 1024


class ConnectionBroke(Exception):
    """What a client's connection raises when it breaks half way."""


async def chunks_of(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def broken_after(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part
    raise ConnectionBroke


async def put(storage: Storage, key: str, content: bytes, *, content_type: str = PNG, limit: int = LIMIT) -> Blob:
    return await storage.put(key, chunks_of(content), content_type=content_type, limit=limit)


async def read(storage: Storage, key: str, *, start: int = 0, end: int | None = None) -> bytes:
    async with storage.read(key, start=start, end=end) as pieces:
        return b"".join([piece async for piece in pieces])


def traversals() -> Iterable[str]:
    """Keys that no `new_key` made: most try to lead somewhere else."""
    random = "0" * 32
    yield from (
        "",
        "/",
        ".",
        "..",
        "../secret_key",
        "/etc/passwd",
        "uploads",
        "uploads/",
        "uploads//",
        "uploads/..",
        "uploads/../../secret_key",
        f"uploads/{random}/..",
        f"uploads/{random}/../x",
        f"uploads/{random}/.hidden",
        f"uploads/{random}/a/b",
        f"uploads/{random}//",
        f"/uploads/{random}",
        f"../uploads/{random}",
        f"uploads/{random}\n",
        f"uploads/{random}/x\n",
        f"uploads/{random}\0",
        f"uploads/{random}/\0",
        f"uploads\\{random}",
        f"uploads/{random}/..\\x",
        f"uploads/{random}/%2e%2e",
        f"uploads/{random}/x y",
        f"uploads/{random.replace('0', 'A')}",
        f"uploads/{random[1:]}",
        f"uploads/{random}0",
        f".arriving/{random}",
        f"Uploads/{random}",
        f"uplöads/{random}",
        f"uploads/{chr(0x660) * 32}",
        f"uploads/{random}/{'x' * 65}",
        f"{'x' * 33}/{random}",
    )
