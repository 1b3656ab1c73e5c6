"""Blobs in a folder of this computer, which all its processes share."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

from services.storage import files
from services.storage.files import off_the_loop
from services.storage.storage import Blob, BlobTooLarge, PutTarget, check_key, check_type, is_folder

ARRIVING = ".arriving"
"""No key begins so."""


class LocalStorage:
    """One file a blob, in which its type and etag stand before its bytes: they become visible together."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is kept."""
        self._folder = folder

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int) -> Blob:
        path = self._folder / check_key(key)
        head = files.Head(content_type=check_type(content_type), etag=token_hex(16))
        arriving = self._arriving()
        descriptor = await off_the_loop(files.create, arriving, head, undo=os.close)
        size = 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise BlobTooLarge
                await off_the_loop(files.append, descriptor, chunk)
            await off_the_loop(files.place, descriptor, arriving, path)
        finally:
            os.close(descriptor)
            # Nothing is there after it was placed. Not off the loop, so that being cancelled cannot skip it.
            files.discard(arriving)
        return Blob(size_bytes=size, content_type=head.content_type, etag=head.etag)

    async def stat(self, key: str) -> Blob:
        descriptor, blob = await off_the_loop(files.open_blob, self._folder / check_key(key), undo=files.close_blob)
        os.close(descriptor)
        return blob

    @asynccontextmanager
    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        descriptor, blob = await off_the_loop(files.open_blob, self._folder / check_key(key), undo=files.close_blob)
        try:
            yield _pieces(descriptor, start, blob.size_bytes if end is None else min(end, blob.size_bytes))
        finally:
            os.close(descriptor)

    async def remove(self, key: str) -> None:
        remove = files.remove_folder if is_folder(key) else files.remove_file
        await off_the_loop(remove, self._folder / key)

    async def presign_put(self, key: str, *, content_type: str, size_bytes: int, seconds: float) -> PutTarget | None:
        del size_bytes, seconds
        check_key(key)
        check_type(content_type)
        return None

    async def check(self) -> None:
        await off_the_loop(files.try_out, self._arriving())

    async def tidy(self) -> None:
        await off_the_loop(files.remove_stale, self._folder / ARRIVING)

    def _arriving(self) -> Path:
        return self._folder / ARRIVING / token_hex(16)


async def _pieces(descriptor: int, start: int, end: int) -> AsyncGenerator[bytes]:
    while start < end:
        piece = await off_the_loop(files.read_piece, descriptor, start, end)
        yield piece
        start += len(piece)
