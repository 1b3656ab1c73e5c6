"""Both stores, for tests of what they have in common."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from services.settings import Settings
from services.storage.opening import open_storage
from services.storage.storage import Storage
from tests.servers.seaweedfs import S3Server
from tests.settings import settings_for

UNUSED = "sqlite:///unused.db"


@pytest.fixture(params=["local", "s3"])
def storage_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "local":
        return settings_for(UNUSED, tmp_path)
    server: S3Server = request.getfixturevalue("s3_server")
    return settings_for(UNUSED, tmp_path, **server.settings)


@pytest_asyncio.fixture
async def storage(storage_settings: Settings) -> AsyncGenerator[Storage]:
    async with open_storage(storage_settings) as storage:
        yield storage
