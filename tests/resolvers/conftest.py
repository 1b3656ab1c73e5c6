"""The server most of these tests ask."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from services.settings import Settings
from tests.server import Server, serving


@pytest_asyncio.fixture
async def idle_server(settings: Settings) -> AsyncGenerator[Server]:
    """Without a worker, so that nothing changes but by the test, and no statement runs but for it."""
    async with serving(settings, work=False) as server:
        yield server
