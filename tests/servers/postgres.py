"""A throw-away Postgres on loopback, with databases made and dropped in hundredths of a second."""

import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers.ports import free_port
from tests.servers.postgres_binaries import find_binaries, unprivileged_account
from tests.servers.processes import ServerProcess, has_printed

# One shell makes the cluster and becomes the server, so that one process is watched from the start.
_INITIALISE_AND_SERVE = """
binaries=$1 data=$2; shift 2
"$binaries/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync &&
    exec "$binaries/postgres" -D "$data" "$@"
"""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "timezone": "UTC",
    # Nothing here need survive a crash of the computer.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


_ROOM_BYTES = 2**30


class PostgresServer:
    """A running server, reached without a password as the superuser ``postgres``. Usable from any event loop."""

    def __init__(self, *, port: int, pid: int, data: Path) -> None:
        self.port = port
        self.pid = pid
        self.data = data
        # Unpooled: a connection belongs to the event loop that opened it, and every test has its own.
        self._maintenance = create_async_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        url = URL.create("postgresql+asyncpg", username="postgres", host="127.0.0.1", port=self.port, database=database)
        return url.render_as_string(hide_password=False)

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of `template` if given, which nobody may be connected to meanwhile."""
        # FILE_COPY: the default strategy writes the copy to the log as well.
        source = f" TEMPLATE {_quoted(template)} STRATEGY FILE_COPY" if template else ""
        await self._run(f"CREATE DATABASE {_quoted(name)}{source}")

    async def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is connected to it."""
        await self._run(f"DROP DATABASE {_quoted(name)} WITH (FORCE)")

    async def _run(self, statement: str) -> None:
        async with self._maintenance.connect() as connection:
            await connection.exec_driver_sql(statement)


@contextmanager
def postgres() -> Generator[PostgresServer]:
    """Run an empty Postgres until the block is left. Raises PostgresMissing where there is none to run."""
    account = unprivileged_account()
    with (
        tempfile.TemporaryDirectory(prefix="postgres-data-", dir=_memory_folder()) as folder,
        tempfile.TemporaryDirectory(prefix="postgres-programs-") as copies,
    ):
        data = Path(folder)
        if account:
            os.chown(data, account.pw_uid, account.pw_gid)
        binaries = find_binaries(Path(copies), account)
        port = free_port()
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
        with ServerProcess(
            ["/bin/sh", "-c", _INITIALISE_AND_SERVE, "postgres", binaries, data, *settings],
            ready=has_printed("database system is ready to accept connections"),
            env={"PATH": os.defpath, "LC_ALL": "C"},  # nothing of ours: PGOPTIONS and its like would change the server
            cwd=data,
            account=account,
            stop_signal=signal.SIGINT,  # "fast": ends sessions that are still open; SIGTERM would wait for them
            scratch=[data, Path(copies)],
        ) as process:
            yield PostgresServer(port=port, pid=process.pid, data=data)


def _memory_folder() -> Path | None:
    """Return a folder held in memory, if there is one with room to spare.

    Databases made and dropped by the hundred are thousands of files made and removed, and ext4 steps over every inode
    freed in the last minutes: there a copy soon takes half a second in place of a hundredth.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a new folder of random name is made in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    return memory if roomy else None


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'
