"""The fixtures of the event log's tests."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.services.events.nodes import Node, open_node


@pytest_asyncio.fixture
async def node(database_url: str) -> AsyncGenerator[Node]:
    """One process whose loops do not run: what arrives was told within it."""
    async with open_node(database_url, runs=False) as opened:
        yield opened
