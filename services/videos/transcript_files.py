"""Transcripts in files that were uploaded, by users or by operators."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from db.search_index import FoldedSegment
from db.sessions import Transaction
from services.errors import NotFound, Overloaded
from services.llm.chat_model import Segment
from services.storage.removal import remove_later
from services.storage.storage import BlobMissing, Storage, StorageUnavailable
from services.uploads import UploadPurpose, UploadService, claim
from services.videos.folding import Folding
from services.videos.formats.reading import read_file

T = TypeVar("T")


class TranscriptFiles:
    def __init__(self, uploads: UploadService, storage: Storage) -> None:
        self._uploads = uploads
        self._storage = storage
        self._folding = Folding()
        self._alone = asyncio.Semaphore(1)
        """For one at a time: a file may take a hundred times its size while it is read."""

    async def read(
        self, user_id: int | None, upload_id: int, *path: str, total_seconds: float | None = None
    ) -> Sequence[Segment]:
        """Of an upload of the user's (None: the operator's), which stays. `path` names the input.

        Raises NotFound, InvalidInput for what is no transcript, or Overloaded.
        """
        upload = await self._uploads.waiting(user_id, upload_id, UploadPurpose.TRANSCRIPT)
        async with self._alone:
            content = await self._content(upload.storage_key)
            return await self._folding.run(partial(read_file, content, total_seconds, *path))

    async def parse(self, read: Callable[[], T]) -> T:
        """What is read of a text that came without a file."""
        async with self._alone:
            return await self._folding.run(read)

    async def fold(self, segments: Sequence[Segment]) -> list[FoldedSegment]:
        """What was read, ready to be kept."""
        async with self._alone:
            return await self._folding.fold(segments)

    async def _content(self, key: str) -> bytes:
        try:
            async with self._storage.read(key) as chunks:
                return b"".join([chunk async for chunk in chunks])
        except BlobMissing:
            raise NotFound("Upload not found.") from None
        except StorageUnavailable:
            raise Overloaded from None


async def use_up(tx: Transaction, user_id: int | None, upload_id: int) -> None:
    """Raises NotFound when somebody was faster."""
    upload = await claim(tx, user_id, upload_id, UploadPurpose.TRANSCRIPT)
    await remove_later(tx, upload.storage_key)
