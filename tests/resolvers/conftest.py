"""The server most of these tests ask."""

from collections.abc import AsyncGenerator, Iterator

import pytest
import pytest_asyncio

from services.settings import Settings
from tests.server import Server, serving
from tests.servers.google import CLIENT_ID, FakeGoogle, google


@pytest_asyncio.fixture
async def idle_server(settings: Settings) -> AsyncGenerator[Server]:
    """Without a worker, so that nothing changes but by the test, and no statement runs but for it."""
    async with serving(settings, work=False) as server:
        yield server


@pytest.fixture
def fake_google() -> Iterator[FakeGoogle]:
    with google() as fake:
        yield fake


@pytest_asyncio.fixture
async def google_server(settings: Settings, fake_google: FakeGoogle) -> AsyncGenerator[Server]:
    """As `idle_server`, where people sign in with the fake Google."""
    changes = {"google_client_id": CLIENT_ID, "google_keys_url": fake_google.keys_url}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        yield server
