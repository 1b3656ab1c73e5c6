"""The recorder of statements sees each of them once, whichever engine runs it."""

import pytest
from sqlalchemy import func, insert, select

from db import clock
from db.engine import Engines
from db.models.tables import AttemptCounter
from db.sessions import Sessions
from tests.statements import count_statements

COUNT = select(func.count()).select_from(AttemptCounter)


@pytest.mark.asyncio
async def test_reads_and_writes_are_recorded_in_order(engines: Engines, sessions: Sessions) -> None:
    async with count_statements(engines) as statements:
        async with sessions.read() as reader:
            await reader.scalar(COUNT)
        async with sessions.read(snapshot=True) as reader:
            await reader.scalar(COUNT)
            await reader.scalar(COUNT)
        async with sessions.write() as transaction:
            rows = [{"key": key, "attempts": 0} for key in "abc"]
            await transaction.execute(insert(AttemptCounter).values(resets_at=clock.now()), rows)

    assert [statement.split()[0] for statement in statements] == ["SELECT", "SELECT", "SELECT", "INSERT"]


@pytest.mark.asyncio
async def test_nothing_is_recorded_before_or_after(engines: Engines, sessions: Sessions) -> None:
    async with sessions.read() as reader:
        await reader.scalar(COUNT)
        async with count_statements(engines) as statements:
            pass
        await reader.scalar(COUNT)

    assert statements == []
