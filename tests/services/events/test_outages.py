from itertools import islice

import pytest
from sqlalchemy import text

from db.engine import Engines, open_engines
from services.events.outages import LONGEST_WAIT_SECONDS, OUTAGES, describe, passes, waits
from tests.servers.ports import free_port


async def failure(engines: Engines, sql: str) -> Exception:
    with pytest.raises(OUTAGES) as raised:
        async with engines.reading.connect() as connection:
            await connection.execute(text(sql))
    return raised.value


@pytest.mark.asyncio
async def test_a_database_that_is_not_there_may_come_back() -> None:
    engines = open_engines(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    assert passes(await failure(engines, "SELECT 1"))
    await engines.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_connection_that_is_ended_or_too_slow_passes(engines: Engines) -> None:
    ended = await failure(engines, "SELECT pg_terminate_backend(pg_backend_pid())")
    slow = await failure(engines, "SET statement_timeout = '1ms'; SELECT pg_sleep(1)")
    assert passes(ended)
    assert passes(slow) or "prepared statement" in str(slow)


@pytest.mark.asyncio
async def test_a_mistake_of_ours_does_not_pass(engines: Engines) -> None:
    error = await failure(engines, "SELECT secret FROM nowhere WHERE secret = 'hunter2'")
    assert engines.dialect == "sqlite" or not passes(error)
    assert "hunter2" not in describe(error)


def test_waiting_doubles_up_to_a_limit() -> None:
    pauses = list(islice(waits(0.05), 12))
    assert all(0.5 * 0.05 * 2**turn <= pause <= 0.05 * 2**turn for turn, pause in enumerate(pauses[:6]))
    assert all(pause <= LONGEST_WAIT_SECONDS for pause in pauses)
