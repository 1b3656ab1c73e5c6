"""A worker that does nothing but exports, beside a server that does none."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from services.exports.exporter import Exporter
from services.settings import Settings
from services.storage.opening import FOLDER
from services.storage.storage import Storage
from services.storage.sweep import BlobSweep
from services.supervision import supervised
from services.tasks import lanes
from services.tasks.model import Handling
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from tests.server import Server


@asynccontextmanager
async def exporting(
    server: Server, storage: Storage, *, longest_seconds: float = 60, largest_bytes: int = 10**6
) -> AsyncGenerator[None]:
    """It tries again at once."""
    database = server.services.database
    queue = TaskQueue(database, {lanes.EXPORTS: 30}, retry_seconds=lambda _attempt: 0)
    exporter = Exporter(database, queue, storage, longest_seconds=longest_seconds, largest_bytes=largest_bytes)
    handling = Handling(handle=exporter.export, on_dead=exporter.give_up, on_cancelled=exporter.stop)
    worker = Worker(
        queue,
        {"export_user": handling},
        {lanes.EXPORTS: 1},
        "test",
        poll_seconds=0.02,
        cancel_grace_seconds=0,
        shutdown_grace_seconds=0,
    )
    async with supervised(worker.run()):
        yield


def folder_of(settings: Settings) -> Path:
    """Where the server keeps its blobs."""
    return settings.data_dir / FOLDER


def blobs(settings: Settings) -> list[str]:
    """The keys of all that are kept."""
    folder = folder_of(settings)
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


async def sweep(server: Server) -> None:
    await BlobSweep(server.services.database, server.services.storage, kept_seconds=0).sweep()
