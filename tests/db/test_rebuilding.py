"""SQLite changes a table by making it anew; the rows that point at it must outlive that."""

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, String, delete, func, select

from db.engine import Engines
from db.migrations.connections import BrokenReferences, migrating
from db.models.tables import TranscriptSegment, Video, VideoPart

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def counts(engines: Engines) -> list[int | None]:
    async with engines.snapshot.connect() as connection:
        return [
            await connection.scalar(select(func.count()).select_from(table))
            for table in (Video, VideoPart, TranscriptSegment)
        ]


@pytest.mark.asyncio
async def test_rows_that_point_at_a_rebuilt_table_stay(database_url: str, engines: Engines) -> None:
    def rebuild(connection: Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("videos", recreate="always") as videos:
            videos.add_column(Column("colour", String))

    before = await counts(engines)
    async with migrating(database_url) as connection:
        await connection.run_sync(rebuild)

    assert await counts(engines) == before
    assert before[0] == 3


@pytest.mark.asyncio
async def test_revision_that_breaks_references_is_undone(database_url: str, engines: Engines) -> None:
    before = await counts(engines)

    with pytest.raises(BrokenReferences, match=r"transcript_segments \(\d+\), video_parts \(9\)"):
        async with migrating(database_url) as connection:
            await connection.execute(delete(Video))

    assert await counts(engines) == before
