"""A key that is easy to find is set, refused and used in every way, and then looked for: it must be nowhere."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from db.models.metadata import Base
from db.sessions import Sessions
from tests.client import Client
from tests.commands import Operator
from tests.conversations import ask, converse, follow
from tests.provider_keys import SET, keys_set, set_keys
from tests.server import PASSWORD, REGISTER
from tests.servers.gemini import gemini
from tests.servers.model_server import Fault, ModelServer, Refusal, Script
from tests.servers.openrouter import openrouter
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.asyncio

CANARY = "canary4d71"
QUESTION = "Why does the parakeet come later each day?"
SCRIPTS: list[Script] = [
    ["Because ", "it sleeps [7:03]."],
    Refusal(status=401),
    Refusal(status=400),
    Refusal(status=429),
    ["Half ", Fault.GARBAGE],
    ["Half ", Fault.ERROR],
    ["Half ", Fault.CUT],
]


@dataclass(slots=True, kw_only=True)
class Stage:
    url: str
    process: ServerProcess
    provider: ModelServer
    logged: list[str] = field(default_factory=list[str])

    def read_log(self) -> None:
        """Often, since the process keeps the last of its output alone."""
        self.logged.append(self.process.output())


@asynccontextmanager
async def staged(database_url: str, folder: Path, provider: str) -> AsyncGenerator[Stage]:
    """A process of its own that logs all it can, and a provider that repeats the key in what it says of failures."""
    async with (gemini if provider == "gemini" else openrouter)() as upstream:
        variables = {
            "DB_URL": database_url,
            "LOG_LEVEL": "DEBUG",
            "RATE_LIMIT_ENABLED": "false",
            "OPENAI_LOG": "debug",
            f"{provider}_base_url".upper(): upstream.url,
        }
        with Operator(folder=folder, variables=variables).serving() as (url, process):
            yield Stage(url=url, process=process, provider=upstream)


@pytest.mark.parametrize("provider", ["gemini", "openrouter"])
async def test_a_key_is_nowhere(database_url: str, sessions: Sessions, tmp_path: Path, provider: str) -> None:
    async with staged(database_url, tmp_path, provider) as stage:
        client = await user_of(stage.url)
        told = [str(await keys_set(client, **{provider: CANARY}))]
        told.append(str(await set_keys(client, **{provider: f"{CANARY} and more"})))
        told.append(
            str(await client.execute(f'mutation {{ providerKeysSet(input: {{{provider}: "{CANARY}\\n1"}}) {{ no }} }}'))
        )
        for odd in ({provider: [CANARY]}, {provider: CANARY, "other": 1}, {provider: {"key": CANARY}}, [CANARY]):
            # What is no value of the input's type the answer repeats to its sender; the log must not.
            assert (await client.execute(SET, input=odd)).code == "BAD_USER_INPUT"
        for script in SCRIPTS:
            stage.provider.scripts[:] = [script]
            reading = await follow(client, await ask(client, await converse(client), QUESTION))
            told.append(repr(reading))
            stage.read_log()
        assert {asked.key for asked in stage.provider.asked} == {CANARY}
        assert len(stage.provider.asked) == len(SCRIPTS)
        told.append(await dump(sessions))
    assert CANARY not in "".join(told)
    log = "".join(stage.logged)
    assert '"failure": "KEY_REFUSED"' in log
    assert '"level": "debug"' in log
    assert CANARY not in log
    assert "parakeet" not in log
    assert files_with(CANARY.encode(), tmp_path) == []


def files_with(found: bytes, folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and found in file.read_bytes()]


async def user_of(url: str) -> Client:
    answer = await Client(url=url).execute(REGISTER, email="ada@example.com", password=PASSWORD)
    return Client(url=url, token=answer.data["userRegister"]["tokens"]["accessToken"])


async def dump(sessions: Sessions) -> str:
    """Every row of every table."""
    async with sessions.read(snapshot=True) as reader:
        return "".join([repr(await reader.all(select(table))) for table in Base.metadata.sorted_tables])
