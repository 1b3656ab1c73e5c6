"""The operator's key at a provider of models: it goes there and nowhere else, though the provider repeats it."""

from pathlib import Path

import pytest

from tests.client import Client
from tests.commands import Operator
from tests.conditions import until
from tests.conversations import ask, converse, follow
from tests.servers.gemini import gemini
from tests.servers.model_server import Fault, Refusal
from tests.servers.openrouter import openrouter
from tests.test_canaries import rows

KEY = "canary-operator-key-0123456789"
QUESTION = "canary question: why?"
SERVERS = {"gemini": gemini, "openrouter": openrouter}


@pytest.mark.asyncio
@pytest.mark.parametrize("provider", SERVERS)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_it_is_in_no_log_and_in_no_row(provider: str, database_url: str, tmp_path: Path) -> None:
    async with SERVERS[provider]() as upstream:
        upstream.scripts[:] = [Refusal(status=401), ["Half ", Fault.ERROR], ["The Moon.", Fault.GARBAGE]]
        variables = {
            "DB_URL": database_url,
            "LOG_LEVEL": "DEBUG",
            "LLM_PROVIDER": provider,
            f"{provider.upper()}_API_KEY": KEY,
            f"{provider.upper()}_BASE_URL": upstream.url,
            "LLM_FAILURES": "3",
        }
        with Operator(folder=tmp_path, variables=variables).serving() as (url, process):
            guest = Client(url=url, guest="0" * 32)
            conversation = await converse(guest)
            readings = [await follow(guest, await ask(guest, conversation, QUESTION)) for _ in range(2)]

            async def is_paused() -> bool:
                return "llm.paused" in process.output()

            await until(is_paused)
            output = process.output()
    assert {reading.kinds[-1] for reading in readings} == {"Failed"}
    assert {asked.key for asked in upstream.asked} == {KEY}
    assert "llm.key_refused" in output
    for text in (output, str(readings), *await rows(database_url)):
        assert KEY not in text
    assert QUESTION not in output
