"""Opening the database: one pool on Postgres, a reading pool and one writing lane on SQLite."""

from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

DialectName = Literal["sqlite", "postgresql"]

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
)

# Bounds for one statement, for waiting on a lock and for a forgotten transaction; Postgres has none of its own.
POSTGRES_SETTINGS = {
    "application_name": "vidwiz",
    "jit": "off",
    "statement_timeout": "5000",
    "lock_timeout": "1000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
}


class _DbapiCursor(Protocol):
    def execute(self, sql: str, /) -> object: ...
    def close(self) -> None: ...


class _DbapiConnection(Protocol):
    isolation_level: str | None

    def cursor(self) -> _DbapiCursor: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    reading: AsyncEngine
    """For single statements, each on its own."""
    snapshot: AsyncEngine
    """For several statements that must see one state."""
    writing: AsyncEngine
    dialect: DialectName

    async def close(self) -> None:
        await self.reading.dispose()
        await self.writing.dispose()


def normalise_url(text: str) -> URL:
    """The asynchronous form of a database URL: `postgres://…` and `sqlite:///…` are understood too.

    Raises ValueError for any other database.
    """
    url = make_url(text)
    match url.get_backend_name():
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg")
        case "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        case other:
            raise ValueError(f"Only SQLite and Postgres are supported, not {other}.")


def open_engines(url: str, *, pool_size: int = 20, pool_timeout_seconds: float = 2) -> Engines:
    """What statements were given is kept out of errors, and so out of logs."""
    parsed = normalise_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size=pool_size)
    engine = create_async_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_seconds,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": POSTGRES_SETTINGS},
    )
    return Engines(
        # Autocommit saves a BEGIN and a ROLLBACK around each read.
        reading=engine.execution_options(isolation_level="AUTOCOMMIT"),
        snapshot=engine.execution_options(isolation_level="REPEATABLE READ"),
        writing=engine,
        dialect="postgresql",
    )


def _open_sqlite(url: URL, *, pool_size: int) -> Engines:
    # One writing lane a process: writers then queue in the pool, not on SQLite's lock. It waits longer than
    # SQLite's own busy timeout, since other processes may hold the file.
    writing = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, hide_parameters=True)
    reading = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=10, hide_parameters=True)
    for engine in (writing, reading):
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    # A writer that begins as a reader can be refused later without waiting (busy snapshot), so it begins as one.
    event.listen(writing.sync_engine, "begin", _begin_immediate)
    event.listen(reading.sync_engine, "begin", _begin)
    return Engines(reading=reading, snapshot=reading, writing=writing, dialect="sqlite")


def _set_pragmas(connection: _DbapiConnection, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver then begins nothing by itself
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
