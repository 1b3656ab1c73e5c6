"""Wiz by the operator's remote model: how it fails, how it is stopped, and what is told while it is left alone."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update

from db import clock
from db.models.tables import Base, CircuitBreaker, Message, Task
from services.errors import ModelUnavailable
from services.settings import Settings
from services.wiz.replies import KIND
from tests.conditions import until
from tests.conversations import Reading, ask, converse, follow, messages, quota_used, retry, says, send, stop
from tests.provider_keys import keys_set
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import Fault, ModelServer, Refusal, Script
from tests.servers.openrouter import openrouter

pytestmark = pytest.mark.asyncio

PROVIDERS = {"gemini": gemini, "openrouter": openrouter}
NAMES = {"gemini": "gemini/gemini-2.5-flash", "openrouter": "openrouter/google/gemini-2.5-flash"}
KEY = "sk-canary-of-the-operator"
LEFT_ALONE = {"__typename": "ModelUnavailable", "reason": ModelUnavailable.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    server: Server
    upstream: ModelServer


@asynccontextmanager
async def staged(
    settings: Settings, provider: str, *scripts: Script, work: bool = True, **changes: object
) -> AsyncGenerator[Stage]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(PROVIDERS[provider]())
        upstream.scripts[:] = scripts
        configured = {
            "llm_provider": provider,
            f"{provider}_api_key": SecretStr(KEY),
            f"{provider}_base_url": upstream.url,
        }
        changed = settings.model_copy(update=configured | changes)
        yield Stage(server=await stack.enter_async_context(serving(changed, work=work)), upstream=upstream)


async def pause(server: Server, provider: str, seconds: float) -> None:
    """As after too many failures."""
    values = {"name": NAMES[provider], "failures": 5, "open_until": clock.seconds_from_now(seconds)}
    async with server.services.database.write() as tx:
        await tx.execute(delete(CircuitBreaker))
        await tx.execute(insert(CircuitBreaker).values(**values))


async def dump(server: Server) -> str:
    """Everything that is stored."""
    async with server.services.database.read() as reader:
        return repr([await reader.all(select(table)) for table in Base.metadata.sorted_tables])


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (Refusal(status=429), "MODEL_BUSY", ""),
        (["Half [7:03] ", Fault.CUT], "MODEL_UNAVAILABLE", "Half [7:03] "),
        (["Half ", Fault.GARBAGE], "MODEL_UNAVAILABLE", "Half "),
        (["Half ", Fault.BLOCKED], "MODEL_REFUSED", "Half "),
        ([" "], "EMPTY_REPLY", " "),
    ],
    ids=str,
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_failure_ends_the_stream_and_is_not_counted(
    settings: Settings, provider: str, script: Script, code: str, text: str
) -> None:
    async with staged(settings, provider, script) as stage:
        guest = stage.server.guest()
        conversation = await converse(guest)
        reading = await follow(guest, await ask(guest, conversation))
        assert reading.ending is not None
        assert (reading.kinds[-1], reading.ending["code"], reading.text) == ("Failed", code, text)
        assert KEY not in str(reading)
        stored = (await messages(guest, conversation))[-1]
        assert (stored["status"], stored["content"], stored["model"]) == ("FAILED", text, NAMES[provider])
        assert [one["label"] for one in stored["citations"]] == (["7:03"] if "7:03" in text else [])
        assert await quota_used(guest) == 0
        async with stage.server.services.database.read() as reader:
            live = select(func.count()).select_from(Task).where(Task.kind == KIND, Task.finished_at.is_(None))
            assert await reader.scalar(live) == 0
            assert await reader.all(select(Message.error_code).where(Message.role == "ASSISTANT")) == [(code,)]


@pytest.mark.parametrize("said", [[], ["Half "]])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_stopping_stops_the_provider(settings: Settings, provider: str, said: list[str]) -> None:
    async with staged(settings, provider, [*said, asyncio.Event()]) as stage:
        guest = stage.server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        text = "".join(said)
        reading = await follow(guest, reply, enough=says(text))

        async def is_asked() -> bool:
            return len(stage.upstream.asked) == 1

        async def has_hung_up() -> bool:
            return stage.upstream.hung_up == 1

        await until(is_asked)
        await stop(guest, reply)
        await follow(guest, reply, onto=reading)
        assert (reading.kinds[-1], reading.text) == ("Stopped", text)
        await until(has_hung_up)
        stored = (await messages(guest, conversation))[-1]
        assert (stored["status"], stored["content"]) == ("STOPPED", text)
        assert await quota_used(guest) == len(said)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_while_it_is_left_alone_nothing_is_stored_or_counted(settings: Settings, provider: str) -> None:
    async with staged(settings, provider, ["Never."], work=False) as stage:
        server = stage.server
        for client in (server.guest(), await server.user()):
            conversation = await converse(client)
            reply = await ask(client, conversation)
            await stop(client, reply)
            await pause(server, provider, 60)
            before = await dump(server)
            assert await send(client, conversation) == LEFT_ALONE
            assert await retry(client, reply) == LEFT_ALONE
            assert await dump(server) == before
            await pause(server, provider, -1)
            assert (await send(client, conversation))["__typename"] == "MessageSendSuccess"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_it_is_the_last_check(settings: Settings) -> None:
    async with staged(settings, "gemini", ["Never."], work=False, wiz_guest_daily_quota=1) as stage:
        guest = stage.server.guest()
        ready, waiting = await converse(guest), await converse(guest, "never-met_1")
        await pause(stage.server, "gemini", 60)
        assert (await send(guest, waiting))["__typename"] == "TranscriptNotReady"
        assert (await send(guest, ready, " "))["__typename"] == "InvalidInput"
        assert await send(guest, ready) == LEFT_ALONE
        await pause(stage.server, "gemini", -1)
        reply = await ask(guest, ready)
        await pause(stage.server, "gemini", 60)
        assert (await send(guest, ready))["__typename"] == "QuotaExceeded"
        # What is to come already is answered all the same.
        assert (await retry(guest, reply))["reply"]["id"] == reply


async def test_a_key_of_ones_own_is_asked_all_the_same(settings: Settings) -> None:
    async with staged(settings, "gemini", ["By the user's key."]) as stage:
        user = await stage.server.user()
        await pause(stage.server, "gemini", 60)
        conversation = await converse(user)
        assert await send(user, conversation) == LEFT_ALONE
        await keys_set(user, gemini="a-key-of-their-own")
        assert (await follow(user, await ask(user, conversation))).text == "By the user's key."
        assert {asked.key for asked in stage.upstream.asked} == {"a-key-of-their-own"}


async def test_it_is_left_alone_after_it_has_failed_too_often(settings: Settings) -> None:
    """And asked again after the pause."""
    failing: Script = ["Half ", Fault.CUT]
    async with staged(settings, "openrouter", failing, failing, ["Well again."], llm_failures=2) as stage:
        guest = stage.server.guest()
        conversation = await converse(guest)
        for _ in range(2):
            reading: Reading = await follow(guest, await ask(guest, conversation))
            assert reading.kinds[-1] == "Failed"
        assert await send(guest, conversation) == LEFT_ALONE
        assert len(stage.upstream.asked) == 2
        async with stage.server.services.database.write() as tx:
            await tx.execute(update(CircuitBreaker).values(open_until=clock.seconds_from_now(-1)))
        assert (await follow(guest, await ask(guest, conversation))).text == "Well again."
        assert await quota_used(guest) == 1
