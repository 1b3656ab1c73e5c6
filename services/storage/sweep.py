"""Takes away what nobody wants: uploads that were never used, and blobs that nothing refers to."""

import asyncio

import structlog

from db.queries import blobs, uploads
from db.sessions import Sessions
from services.events.outages import OUTAGES, describe, passes
from services.storage.removal import remove_later
from services.storage.storage import Storage, StorageUnavailable

SWEEP_SECONDS = 30.0
AT_ONCE = 100
RETRY_SECONDS = 300.0
"""What could not be removed is tried again then, by whichever process comes first."""
ARRIVING_SECONDS = 300
"""A file that began to arrive before its URL expired may take so long."""

logger = structlog.get_logger()


class BlobSweep:
    """Several processes may sweep at once: they share the work."""

    def __init__(self, database: Sessions, storage: Storage, *, kept_seconds: float) -> None:
        """Uploads are kept so long after their URL has expired."""
        self._database = database
        self._storage = storage
        self._kept_seconds = kept_seconds + ARRIVING_SECONDS

    async def run(self) -> None:
        """Sweep now and then, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except (StorageUnavailable, *OUTAGES) as error:
                if not isinstance(error, StorageUnavailable) and not passes(error):
                    raise
                logger.warning("blobs.sweep_failed", error=describe(error))

    async def sweep(self) -> None:
        """All that is due. What the store does not remove now stays listed."""
        while await self._expire() == AT_ONCE:
            pass
        while await self._remove() == AT_ONCE:
            pass
        await self._storage.tidy()

    async def _expire(self) -> int:
        """Forget uploads and list their blobs in one transaction; of used ones, too, whose URL was used once more."""
        async with self._database.write() as tx:
            keys = await tx.all(uploads.take_expired(self._kept_seconds, AT_ONCE))
            await remove_later(tx, *(key for (key,) in keys))
        return len(keys)

    async def _remove(self) -> int:
        async with self._database.write() as tx:
            due = await tx.all(blobs.begin_due(AT_ONCE, RETRY_SECONDS))
        for key, attempt in due:
            try:
                await self._storage.remove(key)
            except StorageUnavailable as error:
                logger.warning(
                    "blobs.removal_failed", folder=key.partition("/")[0], attempt=attempt, error=describe(error)
                )
                continue
            async with self._database.write() as tx:
                await tx.execute(blobs.removed(key))
        return len(due)
