"""A ZIP file of texts that come in pieces, on disk until it is handed over."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO, ParamSpec, TypeVar
from zipfile import ZIP_DEFLATED, ZipFile

PIECE_BYTES = 256 * 1024

P = ParamSpec("P")
T = TypeVar("T")


class ArchiveTooLarge(Exception):
    """More came than an archive may hold."""


class Archive:
    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._limit = limit

    async def add(self, name: str, pieces: AsyncIterator[str]) -> None:
        """Raises ArchiveTooLarge."""
        with self._zip.open(name, "w", force_zip64=True) as entry:
            waiting = bytearray()
            async for piece in pieces:
                waiting += piece.encode()
                if len(waiting) >= PIECE_BYTES:
                    await _in_thread(entry.write, bytes(waiting))
                    waiting.clear()
                    self._check()
            await _in_thread(entry.write, bytes(waiting))
        self._check()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """All of it, when nothing more is added."""
        await _in_thread(self._zip.close)
        self._check()
        self._file.seek(0)
        while chunk := await _in_thread(self._file.read, PIECE_BYTES):
            yield chunk

    def close(self) -> None:
        self._zip.close()

    def _check(self) -> None:
        if self._file.tell() > self._limit:
            raise ArchiveTooLarge


@asynccontextmanager
async def archive(limit: int) -> AsyncGenerator[Archive]:
    """Gone from the disk at the end of the block, or with the process."""
    with tempfile.TemporaryFile() as file:
        made = Archive(file, limit)
        try:
            yield made
        finally:
            made.close()


async def _in_thread(do: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run it to its end even when cancelled, since what it uses is closed then."""
    running = asyncio.get_running_loop().run_in_executor(None, lambda: do(*arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
