"""What a database that is busy does to one field: the client is told to try again, and the operator in one line."""

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from db import engine
from db.engine import Engines
from services.settings import Settings
from tests.server import serving

TAKE_NOTE = """
mutation { noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "1:05"}) { __typename } }
"""
COUNT = "{ viewer { user { notes { totalCount } } } }"
HOLDING = {"sqlite": "SELECT 1", "postgresql": "LOCK TABLE notes IN ACCESS EXCLUSIVE MODE"}
"""On SQLite to have begun is enough."""


@pytest.mark.asyncio
async def test_a_lock_that_is_held_is_an_outage(
    settings: Settings, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SQLITE_PRAGMAS", (*engine.SQLITE_PRAGMAS, "PRAGMA busy_timeout = 50"))
    async with serving(settings, work=False) as server:
        user = await server.user()
        with capture_logs() as logs:
            async with engines.writing.begin() as connection:
                await connection.execute(text(HOLDING[engines.dialect]))
                refused = await user.execute(TAKE_NOTE)
        assert refused.code == "TIMEOUT"
        assert refused.error["message"] == "The server is busy. Try again in a moment."
        request_id = refused.headers["X-Request-ID"]
        assert refused.error["extensions"] == {"code": "TIMEOUT", "requestId": request_id}
        (told,) = [log for log in logs if log.get("event", "").startswith("request.") and "error" in log]
        assert (told["event"], told["log_level"], told["request_id"]) == ("request.outage", "warning", request_id)
        assert (told["path"], "exc_info" in told) == (["noteCreate"], False)
        assert "lock" in told["error"]
        assert (await user.execute(COUNT)).data["viewer"]["user"]["notes"]["totalCount"] == 0
        assert "errors" not in (await user.execute(TAKE_NOTE)).body


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.asyncio
async def test_so_it_is_for_one_who_only_reads(settings: Settings, engines: Engines) -> None:
    async with serving(settings, work=False) as server:
        user = await server.user()
        async with engines.writing.begin() as connection:
            await connection.execute(text(HOLDING["postgresql"]))
            assert (await user.execute(COUNT)).code == "TIMEOUT"
