"""What is said of an SQLite that cannot search."""

import sqlite3

import pytest

from db.full_text import can_search, has_fts5
from services.doctor import NO_FTS5, Finding, examine, full_text
from services.settings import Settings


def test_the_usual_sqlite_can_search() -> None:
    assert can_search()


def test_one_that_makes_no_such_tables_cannot() -> None:
    connection = sqlite3.connect(":memory:")
    connection.set_authorizer(_no_virtual_tables)
    try:
        assert not has_fts5(connection)
    finally:
        connection.close()


def _no_virtual_tables(action: int, *rest: object) -> int:
    del rest
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_CREATE_VTABLE else sqlite3.SQLITE_OK


@pytest.mark.asyncio
async def test_the_doctor_tells_it(settings: Settings) -> None:
    assert NO_FTS5 not in [finding.text async for finding in examine(settings)]
    assert list(full_text(settings, can_search=True)) == []
    told = list(full_text(settings, can_search=False))
    assert told == ([Finding(is_fine=False, text=NO_FTS5)] if settings.database_url.startswith("sqlite") else [])
