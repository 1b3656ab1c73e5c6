"""One history of the tables, true on both databases, forwards and backwards."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine import Engines, normalise_url
from db.migrations.connections import inspecting, migrating
from db.models.tables import Base
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


ROWS_OF_THE_FIRST_REVISION = (
    """\
INSERT INTO users (id, email, email_verified, ai_notes_enabled, created_at, updated_at)
VALUES (1, 'ada@example.com', {true}, {true}, {now}, {now})""",
    """\
INSERT INTO videos (id, youtube_id, transcript_available, is_sample, created_at, updated_at)
VALUES (1, 'dQw4w9WgXcQ', {true}, {false}, {now}, {now})""",
    """\
INSERT INTO transcript_segments (video_id, position, start_seconds, duration_seconds, text)
VALUES (1, 0, 0, 2, 'Der Caf\u00e9-Tisch'), (1, 1, 2, 2, 'and the tide')""",
    """\
INSERT INTO notes (id, user_id, video_id, timestamp, text, ai_status, generated_by_ai, created_at, updated_at)
VALUES (1, 1, 1, '0:02', 'The tide', 'NONE', {false}, {now}, {now})""",
)
SPELLINGS = {
    "sqlite": {"true": "1", "false": "0", "now": "'2026-01-02 03:04:05.000000'"},
    "postgresql": {"true": "true", "false": "false", "now": "now()"},
}


async def insert_old_rows(url: str) -> None:
    engine = create_async_engine(normalise_url(url))
    async with engine.begin() as connection:
        for statement in ROWS_OF_THE_FIRST_REVISION:
            await connection.execute(text(statement.format(**SPELLINGS[connection.dialect.name])))
    await engine.dispose()


@pytest.mark.parametrize("released", ["4672bd5e3ccf", "7bd10abab0cd", "dbdc034d0b1e"])
@pytest.mark.asyncio
async def test_a_released_database_keeps_its_rows_up_and_down(released: str, databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url, released)
        before = await read_catalog(url)
        await insert_old_rows(url)
        for step in (migrate.upgrade(url), migrate.downgrade(url, released), migrate.upgrade(url)):
            await step
            async with inspecting(url) as connection:
                for table, count in (("videos", 1), ("transcript_segments", 2), ("notes", 1)):
                    assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == count  # noqa: S608
        assert await migrate.differences(url) == []

        await migrate.downgrade(url, released)
        assert await read_catalog(url) == before


FOUND = {
    "sqlite": "SELECT rowid FROM search_words WHERE search_words MATCH :word",
    "postgresql": "SELECT id FROM search_entries WHERE words @@ CAST(:word AS tsquery)",
}


@pytest.mark.asyncio
async def test_what_was_there_before_the_search_index_is_found(databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url, "dbdc034d0b1e")
        await insert_old_rows(url)
        await migrate.upgrade(url)
        async with inspecting(url) as connection:
            for word, count in (("tide", 2), ("cafe", 1), ("nothing", 0)):
                found = await connection.execute(text(FOUND[connection.dialect.name]), {"word": word})
                assert len(found.all()) == count
            words = await connection.execute(text("SELECT words FROM transcript_segments ORDER BY position"))
            assert words.scalars().all() == [" der cafe tisch ", " and the tide "]


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
