"""Databases for tests: empty ones, and filled ones, which are copies of a template made once a run."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from db import migrate
from db.engine import open_engines
from db.seed import seed
from db.sessions import Sessions
from tests.servers.postgres import PostgresServer

TEMPLATE = "template"


class Databases(Protocol):
    """What is made here is gone when the block ends; until then any process may open it by its URL."""

    def empty(self) -> AbstractAsyncContextManager[str]:
        """The URL of a database without a single table."""
        ...

    def filled(self) -> AbstractAsyncContextManager[str]:
        """The URL of a database at the newest revision, with the sample videos."""
        ...


class SqliteDatabases:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / f"{TEMPLATE}.db"
        self._numbers = count()

    @asynccontextmanager
    async def empty(self) -> AsyncGenerator[str]:
        file = self._folder / f"{next(self._numbers)}.db"
        try:
            yield _sqlite_url(file)
        finally:
            for leftover in self._folder.glob(f"{file.name}*"):  # with its -wal and -shm
                leftover.unlink()

    @asynccontextmanager
    async def filled(self) -> AsyncGenerator[str]:
        if not self._template.exists():
            await self._make_template()
        async with self.empty() as url:
            shutil.copyfile(self._template, Path(url.removeprefix("sqlite:///")))
            yield url

    async def _make_template(self) -> None:
        file = self._folder / "unfinished.db"
        await _fill(_sqlite_url(file))
        # The last connection to close has moved the log into the file, or the copies would be empty.
        if file.with_name(f"{file.name}-wal").exists():
            raise RuntimeError("Somebody still has the template open.")
        file.rename(self._template)


class PostgresDatabases:
    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._has_template = False
        self._numbers = count()

    @asynccontextmanager
    async def empty(self) -> AsyncGenerator[str]:
        async with self._database(template=None) as url:
            yield url

    @asynccontextmanager
    async def filled(self) -> AsyncGenerator[str]:
        if not self._has_template:
            await self._server.create_database(TEMPLATE)
            await _fill(self._server.url(TEMPLATE))
            self._has_template = True
        async with self._database(template=TEMPLATE) as url:
            yield url

    @asynccontextmanager
    async def _database(self, *, template: str | None) -> AsyncGenerator[str]:
        name = f"test_{next(self._numbers)}"
        await self._server.create_database(name, template)
        try:
            yield self._server.url(name)
        finally:
            await self._server.drop_database(name)


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


async def _fill(url: str) -> None:
    await migrate.upgrade(url)
    engines = open_engines(url)
    try:
        await seed(Sessions(engines, on_commit=lambda _wakeups: None))
    finally:
        await engines.close()
