"""The fixtures of the queue's tests."""

import pytest_asyncio

from db.engine import Engines
from db.sessions import Sessions
from tests.services.tasks import effects
from tests.services.tasks.stage import Stage


@pytest_asyncio.fixture
async def stage(engines: Engines, sessions: Sessions) -> Stage:
    await effects.make_table(engines)
    return Stage(sessions=sessions)
