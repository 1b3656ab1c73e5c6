"""Several processes migrate one database at once, and others use it meanwhile."""

import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text

from db import migrate
from db.engine import Engines
from db.migrations.connections import POSTGRES_SETTINGS
from db.models.tables import Video
from tests.conditions import until
from tests.databases import Databases

ROOT = Path(__file__).parents[2]

# It says that all is imported, and begins when told, so that the processes do so together.
UPGRADE = """
import asyncio, sys
from db import migrate
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(migrate.upgrade(sys.argv[1]))
"""


async def start_upgrade(url: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", UPGRADE, url),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if process.stdout is None:
        raise RuntimeError("The process has no output.")
    await process.stdout.readline()
    return process


async def go_on(process: asyncio.subprocess.Process) -> str:
    """What the process complained of."""
    _output, errors = await process.communicate(b"\n")
    return errors.decode()


@pytest.mark.asyncio
async def test_processes_upgrade_at_once(databases: Databases) -> None:
    async with databases.empty() as url:
        processes = await asyncio.gather(*(start_upgrade(url) for _ in range(3)))
        assert await asyncio.gather(*map(go_on, processes)) == ["", "", ""]
        assert [process.returncode for process in processes] == [0, 0, 0]
        assert await migrate.differences(url) == []


@pytest.mark.asyncio
async def test_upgrades_at_once_in_one_process(databases: Databases) -> None:
    async with databases.empty() as one, databases.empty() as other:
        await asyncio.gather(*(migrate.upgrade(url) for url in (one, other, one)))

        assert await migrate.differences(one) == []
        assert await migrate.differences(other) == []


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.asyncio
async def test_locked_table_is_tried_again_and_not_queued_for(database_url: str, engines: Engines) -> None:
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND wait_event_type = 'Lock'")

    async def is_waiting() -> bool:
        async with engines.reading.connect() as connection:
            waiting: int | None = await connection.scalar(waits, {"name": POSTGRES_SETTINGS["application_name"]})
        return waiting == 1

    async def gave_up() -> bool:
        return not await is_waiting()

    async with asyncio.TaskGroup() as tasks, engines.writing.begin() as reader:
        await reader.execute(select(Video.id))  # this alone keeps the table from being dropped
        tasks.create_task(migrate.downgrade(database_url, "base"))
        await until(is_waiting)
        await until(gave_up)

    assert await migrate.current(database_url) is None
