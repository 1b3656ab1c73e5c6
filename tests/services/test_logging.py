"""What the log leaves out, since there is nothing for an operator to do about it."""

import asyncio
import gc
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text

from db.engine import open_engines
from services.logging import configure_logging


@pytest.fixture
def own_logging() -> Iterator[None]:
    """What a test configures would otherwise go on writing to where that test's output went."""
    configured, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    yield
    structlog.configure(**configured)
    logging.getLogger().handlers[:] = handlers


MOST_STEPS = 40
"""Of the event loop, in which a connection is surely open, or on its way by more than its first step."""


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.asyncio
async def test_a_connection_that_nobody_waits_for_any_more_is_no_error(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    for steps in range(MOST_STEPS):
        engines = open_engines(database_url)

        async def ask() -> None:
            async with engines.reading.connect() as connection:  # noqa: B023  awaited within the turn
                await connection.execute(text("SELECT 1"))

        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask())
            for _ in range(steps):
                await asyncio.sleep(0)
            asking.cancel()
        await engines.close()
    gc.collect()
    await asyncio.sleep(0)
    assert capsys.readouterr().err == ""


SECRETS = [
    ("a JWT", "eyJhbGciOiJIUzI1NiJ9.canary.canary"),
    ("an API token", "vwt_canary6789abcdefghijklmnopqrstuvwxyzABCDEFG"),
    ("a guest session id", "vwg_canary6789abcdefghijkl.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
    ("a header", "Bearer canary/token+value="),
    ("an e-mail address", "canary.ada+notes@example.co.uk"),
    ("a database password", "postgresql://ada:canary@db.example.com/vidwiz"),
]


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize(("what", "secret"), SECRETS, ids=[name for name, _ in SECRETS])
def test_a_secret_in_a_message_or_a_traceback_is_blotted_out(
    what: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    failure = ValueError(f"it was {secret}, sadly")
    structlog.get_logger(what).error("failed", text=f"<{secret}>", nested=[{"why": secret}], exc_info=failure)
    logging.getLogger("a.library").error("failed with %s", secret, exc_info=failure)
    logged = capsys.readouterr().err
    assert logged.count("sadly") == 2
    assert [json.loads(line)["level"] for line in logged.splitlines()] == ["error", "error"]
    assert "canary" not in logged


@pytest.mark.usefixtures("own_logging")
def test_what_is_called_a_secret_is_never_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    structlog.get_logger("fields").error("failed", password="canary", input={"newPassword": "canary", "name": "Ada"})
    logged = capsys.readouterr().err
    assert "canary" not in logged
    assert "Ada" in logged
