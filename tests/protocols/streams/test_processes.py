"""`vidwiz serve` as an operator ends it, with streams open."""

import asyncio
import json
import signal
from pathlib import Path

import httpx2
import pytest

from tests.client import Client
from tests.commands import Operator
from tests.conversations import FOLLOW, ask, converse
from tests.protocols.streams.subscriber import asked
from tests.settings import SECRET_KEY

pytestmark = pytest.mark.asyncio

STREAMS = 4
"""Of each kind."""


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_server_ends_at_sigterm_with_streams_open(database_url: str, tmp_path: Path) -> None:
    # It may take a minute, and is killed after ten seconds: that it ends by itself is the streams' doing.
    variables = {"DB_URL": database_url, "SECRET_KEY": SECRET_KEY, "SHUTDOWN_SECONDS": "60"}
    operator = Operator(folder=tmp_path, variables=variables)
    with operator.serving("--no-worker") as (url, process):
        guest = Client(url=url, guest="somebody")
        reply = await ask(guest, await converse(guest))
        both = [form for form in ("sse", "multipart") for _ in range(STREAMS)]
        begun = asyncio.Barrier(len(both) + 1)

        async def read(form: str) -> None:
            async with asked(guest, form, FOLLOW, id=reply) as answer:
                events = answer.events()
                assert (await anext(events))["__typename"] == "ReplySnapshot"
                await begun.wait()
                if form == "sse":
                    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
                        await anext(events)
                else:
                    assert [event async for event in events] == []
                    assert [error["extensions"]["code"] for error in answer.told] == ["SERVER_SHUTDOWN"]

        async with asyncio.TaskGroup() as group:
            for form in both:
                group.create_task(read(form))
            await begun.wait()
            answered = _answered(process.output())
            status = await asyncio.to_thread(process.stop)
        assert status == -signal.SIGTERM, process.output()
        assert _answered(process.output()) == answered + len(both), "each stream was seen to its end"
        assert "Traceback" not in process.output()


def _answered(log: str) -> int:
    return [json.loads(line)["event"] for line in log.splitlines() if line.startswith("{")].count("request.ended")
