"""Transcripts that operators have uploaded, for results that are too long for a request."""

import asyncio
from collections.abc import Sequence

from db.sessions import Transaction
from services.errors import Overloaded
from services.llm.chat_model import Segment
from services.storage.removal import remove_later
from services.storage.storage import BlobMissing, Storage, StorageUnavailable
from services.uploads import UploadPurpose, UploadService, claim
from services.videos.formats.reading import read_file

PATH = ("result", "transcriptUploadId")


class TranscriptUploads:
    def __init__(self, uploads: UploadService, storage: Storage) -> None:
        self._uploads = uploads
        self._storage = storage

    async def read(self, upload_id: int, video_seconds: float | None) -> Sequence[Segment]:
        """`video_seconds` is the length of the video, if known.

        Raises NotFound, InvalidInput for what is no transcript, or Overloaded.
        """
        upload = await self._uploads.waiting(None, upload_id, UploadPurpose.TRANSCRIPT)
        try:
            async with self._storage.read(upload.storage_key) as pieces:
                content = b"".join([piece async for piece in pieces])
        except (BlobMissing, StorageUnavailable):
            raise Overloaded from None
        return await asyncio.to_thread(read_file, content, video_seconds, *PATH)

    async def use(self, tx: Transaction, upload_id: int) -> None:
        """Once. Raises NotFound when somebody was faster."""
        upload = await claim(tx, None, upload_id, UploadPurpose.TRANSCRIPT)
        await remove_later(tx, upload.storage_key)
