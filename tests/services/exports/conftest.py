"""A server that leaves the exports to the workers of the tests."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from services.settings import Settings
from tests.server import Server, serving


@pytest_asyncio.fixture
async def idle_server(settings: Settings) -> AsyncGenerator[Server]:
    async with serving(settings, work=False) as server:
        yield server
