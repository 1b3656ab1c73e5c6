"""The servers start, work, and are gone afterwards, whatever becomes of the process that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis.asyncio
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers.ports import accepts_connections, free_port
from tests.servers.postgres import PostgresServer, postgres
from tests.servers.processes import ServerFailed, ServerProcess, has_printed
from tests.servers.valkey import valkey

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as running:
        yield running


async def _scalar(url: str, statement: str) -> object:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        result = await connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


@pytest.mark.asyncio
async def test_postgres_clones_a_template_and_drops_the_clone(server: PostgresServer) -> None:
    await server.create_database("template")
    await _scalar(server.url("template"), "CREATE TABLE kept AS SELECT 'naïve' AS word")

    await server.create_database('a "clone"', template="template")
    await _scalar(server.url('a "clone"'), "INSERT INTO kept VALUES ('added')")
    assert await _scalar(server.url('a "clone"'), "SELECT count(*) FROM kept") == 2
    assert await _scalar(server.url("template"), "SELECT string_agg(word, ',') FROM kept") == "naïve"

    await server.drop_database('a "clone"')
    with pytest.raises(DBAPIError, match="does not exist"):
        await _scalar(server.url('a "clone"'), "SELECT 1")


@pytest.mark.asyncio
async def test_postgres_drops_a_database_in_use(server: PostgresServer) -> None:
    await server.create_database("busy")
    engine = create_async_engine(server.url("busy"))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        await server.drop_database("busy")
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT 1"))
    await engine.dispose()


def test_postgres_leaves_nothing_when_stopped() -> None:
    with postgres() as stopped:
        assert accepts_connections(stopped.port)
    assert not accepts_connections(stopped.port)
    assert not _exists(stopped.pid)
    assert not stopped.data.exists()


def test_postgres_dies_with_a_killed_parent() -> None:
    program = (
        "from tests.servers.postgres import postgres\n"
        "with postgres() as server:\n"
        "    print(server.pid, server.port, server.data, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, port, data = parent.stdout.readline().split(maxsplit=2)
        assert accepts_connections(int(port))
        parent.kill()

    _wait_until(lambda: not accepts_connections(int(port)))
    _wait_until(lambda: not _exists(int(pid)))
    _wait_until(lambda: not Path(data.strip()).exists())


@pytest.mark.asyncio
async def test_valkey_answers() -> None:
    with valkey() as url:
        # The library leaves its keyword arguments untyped.
        async with redis.asyncio.from_url(url) as client:  # pyright: ignore[reportUnknownMemberType]
            assert await client.ping()  # pyright: ignore[reportUnknownMemberType]


def test_a_server_that_fails_to_start_says_what_it_printed() -> None:
    broken = ServerProcess(["/bin/sh", "-c", "echo no such setting >&2; exit 3"], ready=has_printed("never"))
    with pytest.raises(ServerFailed, match="ended with 3:\nno such setting"), broken:
        pass


def test_a_server_that_is_never_ready_is_ended() -> None:
    silent = ServerProcess(["/bin/sh", "-c", "echo $$; exec sleep 60"], ready=has_printed("never"), start_seconds=0.2)
    with pytest.raises(ServerFailed, match=r"not ready in 0\.2 s") as failure, silent:
        pass
    assert not _exists(int(str(failure.value).splitlines()[1]))


def test_a_server_deaf_to_its_stop_signal_is_killed_with_all_it_started() -> None:
    deaf = "trap '' TERM; sleep 60 & echo child $!; echo ready; wait"
    with ServerProcess(["/bin/sh", "-c", deaf], ready=has_printed("ready"), grace_seconds=0.2) as server:
        child = int(server.output().split()[1])
        assert server.stop() == -signal.SIGKILL
    _wait_until(lambda: not _exists(child))


def test_free_ports_are_not_given_twice_and_can_be_listened_on() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)
    with ServerProcess(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(ports[0])],
        ready=lambda _: accepts_connections(ports[0]),
    ) as server:
        server.kill()
        assert not accepts_connections(ports[0])


def _exists(pid: int) -> bool:
    """Whether the process runs. One that has ended but that its adopter has not waited for yet does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def _wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)
