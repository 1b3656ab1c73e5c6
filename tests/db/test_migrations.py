"""One history of the tables, true on both databases, forwards and backwards."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine import Engines, normalise_url, open_engines
from db.migrations.connections import inspecting, migrating
from db.models.tables import Base
from db.seed import seed
from db.sessions import Sessions
from tests.databases import Databases
from tests.db.catalog import read_catalog


@pytest.mark.asyncio
async def test_up_and_down_and_up_again(databases: Databases) -> None:
    async with databases.empty() as url:
        assert await migrate.current(url) is None

        await migrate.upgrade(url)
        assert await migrate.current(url) == migrate.head()
        assert await migrate.differences(url) == []

        await migrate.downgrade(url, "base")
        assert await migrate.current(url) is None
        assert await read_catalog(url) == {}

        await migrate.upgrade(url)
        assert await migrate.differences(url) == []


@pytest.mark.parametrize("released", ["4672bd5e3ccf", "7bd10abab0cd"])
@pytest.mark.asyncio
async def test_a_released_database_keeps_its_rows_up_and_down(released: str, databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url, released)
        before = await read_catalog(url)
        engines = open_engines(url)
        try:
            await seed(Sessions(engines, lambda _wakeups: None))
            for step in (migrate.upgrade(url), migrate.downgrade(url, released), migrate.upgrade(url)):
                await step
                async with engines.reading.connect() as connection:
                    assert await connection.scalar(text("SELECT count(*) FROM videos")) == 3
        finally:
            await engines.close()
        assert await migrate.differences(url) == []

        await migrate.downgrade(url, released)
        assert await read_catalog(url) == before


@pytest.mark.asyncio
async def test_history_makes_what_the_models_would(databases: Databases) -> None:
    # Alembic's comparison leaves out the conditions of indexes, check constraints and how ids are counted.
    async with databases.filled() as migrated, databases.empty() as created:
        engine = create_async_engine(normalise_url(created))
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

        assert await read_catalog(migrated) == await read_catalog(created)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("DROP INDEX ix_notes_video_id", "ix_notes_video_id"),
        ("DROP TABLE attempt_counters", "attempt_counters"),
        ("ALTER TABLE notes ADD COLUMN colour VARCHAR", "colour"),
    ],
)
@pytest.mark.asyncio
async def test_difference_to_the_models_is_found(database_url: str, engines: Engines, change: str, name: str) -> None:
    async with engines.writing.begin() as connection:
        await connection.execute(text(change))

    assert name in str(await migrate.differences(database_url))


@pytest.mark.asyncio
async def test_upgrade_of_a_current_database_keeps_its_rows(database_url: str, engines: Engines) -> None:
    await migrate.upgrade(database_url)

    async with engines.reading.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM videos")) == 3


async def fail_half_way(url: str) -> None:
    async with migrating(url) as connection:
        await connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise ZeroDivisionError


@pytest.mark.asyncio
async def test_failed_revision_leaves_nothing(databases: Databases) -> None:
    async with databases.empty() as url:
        with pytest.raises(ZeroDivisionError):
            await fail_half_way(url)

        assert await read_catalog(url) == {}


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_readers_of_a_new_file_never_wait_for_its_writer(databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url)

        async with inspecting(url) as connection:
            assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
