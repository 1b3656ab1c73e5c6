"""Storage in a folder whose puts wait until they may go on, and then perhaps fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from services.storage.local import LocalStorage
from services.storage.storage import Blob, StorageUnavailable


class HaltingStorage(LocalStorage):
    def __init__(self, folder: Path, *, breaks: bool = False) -> None:
        super().__init__(folder)
        self.reached = asyncio.Event()
        """A put has begun."""
        self.go_on = asyncio.Event()
        self._breaks = breaks

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int) -> Blob:
        self.reached.set()
        await self.go_on.wait()
        if self._breaks:
            raise StorageUnavailable("It is away.")
        return await super().put(key, chunks, content_type=content_type, limit=limit)
