"""Connections for changing tables: no statement timeout, short waits for locks, one process at a time."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy import NullPool, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from db.engine import normalise_url

# How long one migrating process waits for another on SQLite; on Postgres there is no limit, since the lock of a
# process that died is gone with its connection.
SQLITE_WAIT_SECONDS = 60

# A statement that waits for a lock makes everybody who comes later wait behind it; so it soon gives up.
POSTGRES_SETTINGS = {
    "application_name": "vidwiz migrate",
    "lock_timeout": "2000",
    "statement_timeout": "0",
    "timezone": "UTC",
}

ADVISORY_LOCK = int.from_bytes(b"vidwiz", "big")
POLL_SECONDS = 0.1


class BrokenReferences(Exception):
    """After the migration, rows would point at parents that are not there. Nothing was changed."""


@asynccontextmanager
async def inspecting(url: str) -> AsyncGenerator[AsyncConnection]:
    """A connection that only looks."""
    engine = create_async_engine(normalise_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection


def migrating(url: str) -> AbstractAsyncContextManager[AsyncConnection]:
    """A connection that no other process has for this database at the same time.

    On SQLite all is one transaction, which ends with the block. On Postgres the caller begins its transactions, best
    one for each revision, so that locks are not held for longer than one of them needs.
    """
    parsed = normalise_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _migrating_sqlite(url)
    return _migrating_postgresql(url)


@asynccontextmanager
async def _migrating_postgresql(url: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(
        normalise_url(url), poolclass=NullPool, connect_args={"server_settings": POSTGRES_SETTINGS}
    )
    async with engine.connect() as connection:
        # Asked for again and again: waiting inside one statement would hold up CREATE INDEX CONCURRENTLY elsewhere.
        while not await _has_advisory_lock(connection):  # noqa: ASYNC110  only the database can tell
            await asyncio.sleep(POLL_SECONDS)
        yield connection  # the lock goes with the connection


async def _has_advisory_lock(connection: AsyncConnection) -> bool:
    async with connection.begin():
        return await connection.scalar(select(func.pg_try_advisory_lock(ADVISORY_LOCK))) is True


@asynccontextmanager
async def _migrating_sqlite(url: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(
        normalise_url(url),
        poolclass=NullPool,
        # With this isolation level the driver begins nothing by itself, and so DDL can be undone.
        connect_args={"isolation_level": None, "timeout": SQLITE_WAIT_SECONDS},
    )
    async with engine.connect() as connection, connection.begin():
        await _switch_to_wal(connection)
        # To change a table SQLite makes a new one and drops the old, which would delete the rows that point at it.
        await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        await _check_references(connection)


async def _switch_to_wal(connection: AsyncConnection) -> None:
    """Done here once, since several processes that try it at the same time are refused without waiting."""
    deadline = time.monotonic() + SQLITE_WAIT_SECONDS
    while True:
        try:
            await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(POLL_SECONDS)
        else:
            return


async def _check_references(connection: AsyncConnection) -> None:
    broken = Counter[str](row[0] for row in await connection.exec_driver_sql("PRAGMA foreign_key_check"))
    if broken:
        counts = ", ".join(f"{table} ({count})" for table, count in sorted(broken.items()))
        raise BrokenReferences(f"Rows without their parent: {counts}.")
