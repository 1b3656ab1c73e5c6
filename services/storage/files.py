"""The files that blobs are kept in, by calls that wait for the disk; `off_the_loop` runs them in threads."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from services.storage.storage import Blob, BlobMissing, StorageUnavailable

PIECE_BYTES = 256 * 1024
HEAD_BYTES = 512
STALE_SECONDS = 3600
"""No blob takes so long to arrive: what is left of one by then was left by a process that was killed."""
PLACING_TRIES = 10
NOTHING_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before a blob's bytes, in HEAD_BYTES."""

    content_type: str
    etag: str


async def off_the_loop(do: Callable[..., T], *arguments: object, undo: Callable[[T], object] | None = None) -> T:
    """Run it in a thread, and to its end even when cancelled, since it uses what is cleaned up then.

    `undo` is given what nobody else will get. Raises StorageUnavailable for every OSError.
    """
    running = asyncio.get_running_loop().run_in_executor(None, partial(do, *arguments))
    try:
        return await asyncio.shield(running)
    except OSError as error:
        raise StorageUnavailable(os.strerror(error.errno or 0)) from error
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        if running.exception() is None and undo is not None:
            undo(running.result())
        raise


def create(path: Path, head: Head) -> int:
    """The descriptor of a new file that nobody else can read."""
    descriptor = _create(path)
    try:
        append(descriptor, json.dumps(asdict(head)).encode().ljust(HEAD_BYTES))
    except OSError:
        os.close(descriptor)
        discard(path)
        raise
    return descriptor


def append(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def place(descriptor: int, arriving: Path, path: Path) -> None:
    """Let the file be seen under its name, once it would survive a power cut."""
    os.fsync(descriptor)
    for _ in range(PLACING_TRIES):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Somebody who removes the last blob of a folder removes the folder.
        with suppress(FileNotFoundError):
            arriving.rename(path)
            break
    else:
        raise FileNotFoundError
    _sync_folders(path)


def discard(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def open_blob(path: Path) -> tuple[int, Blob]:
    """The descriptor, and what the head says. Raises BlobMissing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NOTHING_THERE:
        raise BlobMissing from None
    try:
        head = Head(**json.loads(os.read(descriptor, HEAD_BYTES)))
        size = os.fstat(descriptor).st_size - HEAD_BYTES
    except IsADirectoryError:
        os.close(descriptor)
        raise BlobMissing from None
    except (OSError, ValueError, TypeError) as error:
        os.close(descriptor)
        raise StorageUnavailable("the file of a blob has no head that can be read") from error
    return descriptor, Blob(size_bytes=size, content_type=head.content_type, etag=head.etag)


def close_blob(opened: tuple[int, Blob]) -> None:
    os.close(opened[0])


def read_piece(descriptor: int, start: int, end: int) -> bytes:
    """Some bytes from `start` on, at least one."""
    piece = os.pread(descriptor, min(PIECE_BYTES, end - start), HEAD_BYTES + start)
    if not piece:
        raise StorageUnavailable("the file of a blob became shorter")
    return piece


def remove_file(path: Path) -> None:
    with suppress(*NOTHING_THERE):
        path.unlink()
        _sync(path.parent)
        # One of several in a folder of its own may have been the last.
        with suppress(OSError):
            path.parent.rmdir()


def remove_folder(path: Path) -> None:
    with suppress(*NOTHING_THERE):
        shutil.rmtree(path)
        _sync(path.parent)


def try_out(path: Path) -> None:
    os.close(_create(path))
    path.unlink()


def remove_stale(folder: Path) -> None:
    oldest = time.time() - STALE_SECONDS
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < oldest:
                    Path(entry.path).unlink()


def _create(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _sync_folders(path: Path) -> None:
    """The folder of the file, and the two above that may have been made for it."""
    for folder in path.parents[:3]:
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
