"""Fixtures for all tests. What they are made of lives in modules of its own beside this one."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from db.engine import Engines, open_engines
from db.outbox import Wakeups
from db.sessions import Sessions
from services.settings import Settings
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.server import Server, serving
from tests.servers.postgres import postgres
from tests.servers.seaweedfs import S3Server, seaweedfs
from tests.settings import settings_for

# Each run tries the same examples, and how long one takes on a busy computer says nothing.
hypothesis.settings.register_profile(
    "vidwiz", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("vidwiz")


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[Databases]:
    with postgres() as server:
        yield PostgresDatabases(server)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with seaweedfs() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Runs the test on both engines; for one alone: `parametrize("databases", ["sqlite"], indirect=True)`."""
    # Asked for by name, so that Postgres starts with the first test that needs it.
    made: Databases = request.getfixturevalue(f"{request.param}_databases")
    return made


@pytest_asyncio.fixture
async def database_url(databases: Databases) -> AsyncGenerator[str]:
    """The test's own database, migrated, with the sample videos."""
    async with databases.filled() as url:
        yield url


@pytest_asyncio.fixture
async def engines(database_url: str) -> AsyncGenerator[Engines]:
    engines = open_engines(database_url, pool_size=5)
    yield engines
    await engines.close()


@pytest.fixture
def wakeups() -> list[Wakeups]:
    """What the `sessions` handed over after each commit, in order."""
    return []


@pytest.fixture
def sessions(engines: Engines, wakeups: list[Wakeups]) -> Sessions:
    return Sessions(engines, on_commit=wakeups.append)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """For a server on the test's own database."""
    return settings_for(database_url, tmp_path)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    """The running application, with a worker inside."""
    async with serving(settings) as server:
        yield server
