"""Brings a database to a revision and tells where it stands, from the checkout and from the installed wheel alike."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db.migrations.comparing import is_compared
from db.migrations.connections import inspecting, migrating
from db.models.tables import Base

# Postgres's codes for a lock that was not to be had in time, and for a ring of waiting transactions.
LOCK_ERRORS = frozenset({"55P03", "40P01"})
RETRIES = 10
PAUSE_SECONDS = 1

_alembic = threading.Lock()


async def upgrade(url: str, revision: str = "head") -> None:
    """Run the revisions that are missing. Safe to be called by several processes at once.

    Raises alembic.util.CommandError when the database is at a revision this version does not know, and
    sqlalchemy.exc.DBAPIError when others keep a table locked; on Postgres the revisions done until then remain.
    """
    await _migrate(url, lambda config: command.upgrade(config, revision))


async def downgrade(url: str, revision: str) -> None:
    """Undo the revisions after this one, and lose what they made room for; `base` undoes all."""
    await _migrate(url, lambda config: command.downgrade(config, revision))


async def current(url: str) -> str | None:
    """The revision of the database; None when it has none yet."""
    async with inspecting(url) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def head() -> str:
    """The newest revision this version knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise LookupError("There is no revision at all.")
    return revision


async def differences(url: str) -> list[str]:
    """What the tables of the database lack, or have too much, against the models."""
    async with inspecting(url) as connection:
        return await connection.run_sync(_differences)


def _differences(connection: Connection) -> list[str]:
    # Server defaults are left out: SQLite spells them in its own way, and we have none.
    options = {"compare_type": True, "compare_server_default": False, "include_object": is_compared}
    context = MigrationContext.configure(connection, opts=options)
    return [repr(difference) for difference in compare_metadata(context, Base.metadata)]


async def _migrate(url: str, run: Callable[[Config], None]) -> None:
    async with _alone_in_this_process():
        for _ in range(RETRIES):
            try:
                await _migrate_once(url, run)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in LOCK_ERRORS:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
        await _migrate_once(url, run)


async def _migrate_once(url: str, run: Callable[[Config], None]) -> None:
    async with migrating(url) as connection:
        await connection.run_sync(lambda sync: run(_config(sync)))


@asynccontextmanager
async def _alone_in_this_process() -> AsyncGenerator[None]:
    """Alembic keeps the migration that is under way in globals of its modules."""
    while not _alembic.acquire(blocking=False):  # noqa: ASYNC110  the other may be in another thread's loop
        await asyncio.sleep(PAUSE_SECONDS / 10)
    try:
        yield
    finally:
        _alembic.release()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["connection"] = connection
    return config
