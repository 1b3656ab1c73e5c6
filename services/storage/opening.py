"""The blob store that the settings name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.settings import Settings
from services.storage.local import LocalStorage
from services.storage.storage import Storage

FOLDER = "blobs"


@asynccontextmanager
async def open_storage(settings: Settings) -> AsyncGenerator[Storage]:
    """A folder of this computer, unless S3_BUCKET is set. It is opened, too, while a store of S3 does not answer."""
    if settings.s3_bucket is None:
        yield LocalStorage(settings.data_dir / FOLDER)
        return
    # Loading botocore takes a while, and most have no need of it.
    from services.storage.s3 import open_s3  # noqa: PLC0415

    async with open_s3(settings, settings.s3_bucket) as storage:
        yield storage
