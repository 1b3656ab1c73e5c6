"""The worker's side of an export: reads all that is kept of the user, and keeps it as one file."""

import asyncio
from contextlib import aclosing

from db.queries import jobs as queries
from db.queries.jobs import NewArtifact
from db.sessions import Sessions, Transaction
from services.exports import contents
from services.exports.archive import Archive, ArchiveTooLarge, archive
from services.jobs import states
from services.jobs.states import JobKind, JobStatus
from services.storage.removal import keep, remove_later, reserve
from services.storage.storage import Blob, BlobTooLarge, Storage, StorageUnavailable, new_key
from services.tasks.model import ClaimedTask, LeaseLost, TaskCancelled, TaskError, TaskFailed
from services.tasks.queue import TaskQueue

NAME = "vidwiz-export.zip"
CONTENT_TYPE = "application/zip"
LARGEST_BYTES = 1024**3
LONGEST_SECONDS = 1800.0
READ_SHARE = 0.9
"""How far a job is when all has been read, and only the storing is left."""


class Exporter:
    def __init__(
        self,
        database: Sessions,
        queue: TaskQueue,
        storage: Storage,
        *,
        longest_seconds: float = LONGEST_SECONDS,
        largest_bytes: int = LARGEST_BYTES,
    ) -> None:
        """What takes longer, or becomes larger, fails."""
        self._database = database
        self._queue = queue
        self._storage = storage
        self._longest_seconds = longest_seconds
        self._largest_bytes = largest_bytes

    async def export(self, task: ClaimedTask) -> None:
        """Handle a task of kind `export_user`. Nothing of one that is interrupted stays."""
        key = new_key("exports")
        deadline = asyncio.timeout(self._longest_seconds)
        try:
            async with deadline:
                await self._advance(task, "reading", 0, reserved=key)
                blob = await self._make(task, key)
            async with self._database.write() as tx:
                await self._queue.succeed(tx, task)
                await keep(tx, key)
                await self._finish(tx, task, key, blob)
        except (LeaseLost, TaskCancelled):
            # Cancelled, gone with its user, or another's now: the blob need not wait for its time.
            async with self._database.write() as tx:
                await remove_later(tx, key)
            raise
        except StorageUnavailable:
            message = "The file could not be stored. Please try again later."
            raise TaskFailed("STORAGE_UNAVAILABLE", message, retryable=True) from None
        except (ArchiveTooLarge, BlobTooLarge):
            message = "There is too much to put it into one file."
            raise TaskFailed("TOO_LARGE", message, retryable=False) from None
        except TimeoutError:
            if not deadline.expired():
                raise
            raise TaskFailed(states.TIMEOUT.code, states.TIMEOUT.message, retryable=False) from None

    async def give_up(self, tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
        """In the transaction that ends the task for good."""
        await states.fail(tx, job_id_of(task), error)

    async def stop(self, tx: Transaction, task: ClaimedTask) -> None:
        """In the transaction that marks the task as cancelled."""
        await states.end(tx, job_id_of(task), JobStatus.CANCELLED)

    async def _make(self, task: ClaimedTask, key: str) -> Blob:
        async with archive(self._largest_bytes) as made:
            for number, name in enumerate(contents.FILES, start=1):
                await self._add(task, made, name)
                await self._advance(task, "reading", READ_SHARE * number / len(contents.FILES))
            await self._advance(task, "storing", READ_SHARE)
            async with aclosing(made.chunks()) as chunks:
                return await self._storage.put(key, chunks, content_type=CONTENT_TYPE, limit=self._largest_bytes)

    async def _add(self, task: ClaimedTask, made: Archive, name: str) -> None:
        async with aclosing(contents.read(self._database, user_id_of(task), name)) as pieces:
            await made.add(name, pieces)
        task.raise_if_cancelled()

    async def _advance(self, task: ClaimedTask, stage: str, progress: float, *, reserved: str | None = None) -> None:
        """Raises LeaseLost or TaskCancelled: then all that was done so far is to be forgotten."""
        async with self._database.write() as tx:
            await self._queue.hold(tx, task)
            if not await states.advance(tx, job_id_of(task), stage, progress):
                raise TaskCancelled
            if reserved is not None:
                await reserve(tx, reserved)

    async def _finish(self, tx: Transaction, task: ClaimedTask, key: str, blob: Blob) -> None:
        """It takes the place of the user's earlier ones, or they would pile up."""
        job_id = job_id_of(task)
        replaced = await tx.all(queries.take_artifacts(user_id_of(task), JobKind.USER_EXPORT))
        await remove_later(tx, *(old_key for (old_key,) in replaced))
        artifact = NewArtifact(
            job_id=job_id, name=NAME, content_type=blob.content_type, size_bytes=blob.size_bytes, storage_key=key
        )
        await tx.scalar(queries.add_artifact(artifact))
        if not await states.end(tx, job_id, JobStatus.SUCCEEDED):
            raise TaskCancelled


def job_id_of(task: ClaimedTask) -> int:
    return int(str(task.payload["jobId"]))


def user_id_of(task: ClaimedTask) -> int:
    return int(str(task.payload["userId"]))
