"""What every blob store does. Keys are made by `new_key`, never by a client."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol

KEY = re.compile(r"[a-z][a-z0-9_-]{0,31}/[0-9a-f]{32}(?:/[a-z0-9][a-z0-9._-]{0,63})?")
FOLDER = re.compile(r"[a-z][a-z0-9_-]{0,31}/[0-9a-f]{32}/")
CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}(?:; ?charset=[a-z0-9-]{1,32})?")


class BlobMissing(Exception):
    """There is no blob under the key."""


class StorageUnavailable(Exception):
    """The store does not answer, or refuses us; trying again later may help."""


class BlobTooLarge(Exception):
    """More bytes came than were allowed; nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What is known of a blob without reading it."""

    size_bytes: int
    content_type: str
    etag: str
    """Without quotes; changes when the content does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTarget:
    """Where a client may send one file, by PUT."""

    url: str
    headers: Mapping[str, str]
    """To be sent along exactly so."""


class Storage(Protocol):
    """Every call may raise StorageUnavailable, and ValueError for what is no key or no content type."""

    name: str
    """`local` or `s3`, for the server's capabilities."""

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int) -> Blob:
        """Keep the bytes under the key, all or nothing. Raises BlobTooLarge beyond `limit` bytes."""
        ...

    async def stat(self, key: str) -> Blob:
        """Raises BlobMissing."""
        ...

    def read(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The bytes from `start` up to, but without, `end`, in pieces. Raises BlobMissing on entering."""
        ...

    async def remove(self, key: str) -> None:
        """What is not there is removed already. A key that ends in a slash removes all that is below it."""
        ...

    async def check(self) -> None:
        """Try out whether blobs can be kept now, and leave nothing."""
        ...

    async def tidy(self) -> None:
        """Remove what puts left that were killed half way, long ago. Several processes may do so at once."""
        ...

    async def presign_put(self, key: str, *, content_type: str, size_bytes: int, seconds: float) -> PutTarget | None:
        """A URL of the store's own that takes this one file; None where files come to us (see schema.routes.uploads)."""
        ...


def new_key(folder: str, name: str | None = None) -> str:
    """128 random bits below the folder, and perhaps a fixed name below those."""
    key = f"{folder}/{token_hex(16)}" if name is None else f"{folder}/{token_hex(16)}/{name}"
    return check_key(key)


def check_key(key: str) -> str:
    """The same key. Raises ValueError for what `new_key` cannot have made."""
    if KEY.fullmatch(key) is None:
        raise ValueError("not the key of a blob")
    return key


def is_folder(key: str) -> bool:
    """Raises ValueError when it is neither a key nor a folder of keys."""
    if FOLDER.fullmatch(key) is not None:
        return True
    check_key(key)
    return False


def check_type(content_type: str) -> str:
    """The same type. Raises ValueError for what could not stand in a header, or is no type."""
    if CONTENT_TYPE.fullmatch(content_type) is None:
        raise ValueError("not a content type")
    return content_type
