"""What most of these tests run against."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from services.rates import Rate
from services.settings import Settings
from tests.protocols.websocket.stage import Stage, staged

UNLIMITED = Rate(100_000, 1)


@pytest_asyncio.fixture
async def stage(settings: Settings) -> AsyncGenerator[Stage]:
    async with staged(settings.model_copy(update={"socket_messages": UNLIMITED})) as stage:
        yield stage
