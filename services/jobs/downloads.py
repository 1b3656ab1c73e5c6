"""The files of jobs by signed links that expire: given to their owner alone, they need no other credentials."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from db.queries import jobs as queries
from db.queries.jobs import ArtifactRow
from db.sessions import Sessions
from services.errors import NotFound
from services.identity.keys import Keyring
from services.storage.links import SignedLinks
from services.storage.storage import Blob, BlobMissing, Storage

PURPOSE = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that may be sent: what is known of it, and how to read it."""

    name: str
    blob: Blob
    open: Callable[[int, int], AbstractAsyncContextManager[AsyncIterator[bytes]]]
    """The bytes from the first number up to, but without, the second. Raises BlobMissing on entering."""


class DownloadService:
    def __init__(self, database: Sessions, storage: Storage, keyring: Keyring, lifetime: timedelta) -> None:
        self._database = database
        self._storage = storage
        # An id is never given to another row, so the artifact's alone tells for good whose it is.
        self._links = SignedLinks(keyring, PURPOSE)
        self._lifetime = lifetime

    def path(self, artifact: ArtifactRow) -> str:
        """Below the server's address. It is good for a while, and as long as the account and the file are there."""
        token = self._links.sign(artifact.id, datetime.now(UTC) + self._lifetime)
        return f"/media/{token}/{quote(artifact.name, safe='')}"

    async def find(self, token: str, name: str) -> Download:
        """Raises NotFound alike for every link that is not good (any more), or StorageUnavailable."""
        link = self._links.read(token)
        if link is None or link.expires_at <= datetime.now(UTC):
            raise NotFound
        async with self._database.read() as reader:
            artifact = await reader.row(ArtifactRow, queries.artifact(link.row_id))
        if artifact is None or artifact.name != name:
            raise NotFound
        key = artifact.storage_key
        try:
            blob = await self._storage.stat(key)
        except BlobMissing:
            raise NotFound from None
        return Download(
            name=artifact.name,
            blob=blob,
            open=lambda start, end: self._storage.read(key, start=start, end=end),
        )
