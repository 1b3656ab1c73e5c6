"""The official audits of GraphQL over HTTP, and the official websocket client through restarts and expiries."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.accounts import register, succeeded
from tests.client import Client, Json
from tests.clients import matrix, node
from tests.commands import PROGRAM, Operator
from tests.conversations import converse
from tests.servers.ports import accepts_connections, free_port
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.clients

AUDITS = 61
TERMINATED, GONE, EXPIRED = 1012, 1006, 4403


@pytest.fixture
def url(served: tuple[str, ServerProcess]) -> str:
    return served[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server that is ready to be started, with a database."""
    folder = tmp_path_factory.mktemp("restarted")
    operator = Operator(folder=folder)
    operator.run("migrate")
    operator.run("seed")
    return folder


def test_all_audits(url: str) -> None:
    audits = node.run("audits", f"{url}/graphql")
    failed = [audit for audit in audits if audit["status"] != "ok"]
    assert failed == [], json.dumps(failed, indent=2)
    assert len(audits) == len({audit["id"] for audit in audits}) == AUDITS


def test_what_the_socket_client_needs(url: str) -> None:
    checks = node.run("socket_checks", matrix.setting(url))
    assert [check for check in checks if not check["works"]] == []
    assert len(checks) >= 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """A server that always comes back to the same port and the same data."""

    operator: Operator
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Generator[ServerProcess]:
        with ServerProcess(
            [PROGRAM, "serve", "--port", str(self.port)],
            ready=lambda _: accepts_connections(self.port),
            env=self.operator.environment,
            cwd=self.operator.folder,
        ) as process:
            yield process

    async def a_conversation(self) -> Json:
        """What the reader is given: where to ask, and as whom."""
        registered = await register(Client(url=self.url), f"{uuid4().hex}@example.com")
        tokens = succeeded(registered)["tokens"]
        user = Client(url=self.url, token=tokens["accessToken"])
        return {"url": f"{self.url}/graphql", "conversation": await converse(user), **tokens}


def restarted(folder: Path, **variables: str) -> Restarted:
    given = {"YOUTUBE_ORIGIN": "http://127.0.0.1:9", "REPLY_LEASE_SECONDS": "1", **variables}
    return Restarted(operator=Operator(folder=folder, variables=given), port=free_port())


@pytest.mark.parametrize("code", [TERMINATED, GONE])
@pytest.mark.asyncio
async def test_a_stream_outlives_a_restart(folder: Path, code: int) -> None:
    """Asked to end, the server says that it will be back; killed, it says nothing."""
    server = restarted(folder, EXTRACTIVE_PACE_SECONDS="0.03", SHUTDOWN_SECONDS="1")
    with server.serving() as process:
        given = await server.a_conversation()
        async with node.running("reader", given) as reader:
            await reader.until("ReplyDelta")
            await reader.until("ReplyDelta")
            if code == TERMINATED:
                process.stop()
            else:
                process.kill()
            await reader.until("closed", code=code)
            with server.serving():
                await reader.until("connected", wasRetry=True)
                read = await reader.until("read")
    assert read["text"] == read["content"]
    assert reader.count("errors") == 0
    assert len(read["text"]) > 100


@pytest.mark.asyncio
async def test_an_expired_token_is_renewed_and_the_stream_goes_on(folder: Path) -> None:
    server = restarted(folder, EXTRACTIVE_PACE_SECONDS="0.05", JWT_EXPIRY_HOURS=str(2 / 3600))
    with server.serving():
        given = await server.a_conversation()
        async with node.running("reader", given) as reader:
            await reader.until("closed", code=EXPIRED)
            await reader.until("renewed")
            await reader.until("connected", wasRetry=True)
            read = await reader.until("read")
    assert read["text"] == read["content"]
    # It went on from the last position: whole texts come at the beginning alone.
    assert (reader.count("ReplySnapshot"), reader.count("errors")) == (1, 0)
