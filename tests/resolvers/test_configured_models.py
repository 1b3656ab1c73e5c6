"""The operator's model: it answers whoever brought no key, from behind a breaker that all processes share."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, update

from db import clock
from db.models.breakers import CircuitBreaker
from db.models.tables import Message
from services.settings import Settings
from tests.client import Client
from tests.conversations import Reading, ask, converse, follow, quota_used, send
from tests.provider_keys import keys_set
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import Fault, ModelServer, Refusal, Script
from tests.servers.openrouter import openrouter

pytestmark = pytest.mark.asyncio

OPERATORS = "sk-canary-operator"
OWN = "sk-canary-own"
SERVERS = {"gemini": gemini, "openrouter": openrouter}
NAMES = {"gemini": "gemini/gemini-2.5-flash", "openrouter": "openrouter/google/gemini-2.5-flash"}
DOWN: Script = ["Half ", Fault.CUT]
"""A failure that the queue does not try again, so that one question is one failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    servers: list[Server]
    upstream: ModelServer

    @property
    def server(self) -> Server:
        return self.servers[0]

    def keys(self) -> list[str]:
        return [asked.key for asked in self.upstream.asked]


@asynccontextmanager
async def staged(
    settings: Settings, provider: str, *scripts: Script, servers: int = 1, **changes: object
) -> AsyncGenerator[Stage]:
    """So many servers on one database, all with the operator's key of one provider."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(SERVERS[provider]())
        upstream.scripts[:] = scripts
        values = {
            "llm_provider": provider,
            f"{provider}_api_key": OPERATORS,
            f"{provider}_base_url": upstream.url,
            "llm_failures": 2,
            "llm_pause_seconds": 600,
        }
        configured = type(settings).model_validate(settings.model_dump() | values | changes)
        running = [await stack.enter_async_context(serving(configured)) for _ in range(servers)]
        yield Stage(servers=running, upstream=upstream)


async def answered(client: Client) -> Reading:
    return await follow(client, await ask(client, await converse(client)))


def ending(reading: Reading) -> str:
    assert reading.ending is not None
    return str(reading.ending["code"] if reading.kinds[-1] == "Failed" else reading.kinds[-1])


async def let_pause_pass(stage: Stage) -> None:
    async with stage.server.services.database.write() as tx:
        await tx.execute(update(CircuitBreaker).values(open_until=clock.seconds_from_now(-1)))


async def count(stage: Stage) -> int:
    async with stage.server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(Message)) or 0


@pytest.mark.parametrize("provider", SERVERS)
async def test_it_answers_users_and_guests(settings: Settings, provider: str) -> None:
    async with staged(settings, provider, ["The Moon [7:03]."], wiz_max_tokens=321) as stage:
        for client in (await stage.server.user(), stage.server.guest()):
            reading = await answered(client)
            assert (reading.text, ending(reading)) == ("The Moon [7:03].", "Done")
            assert reading.ending is not None
            assert reading.ending["message"]["model"] == NAMES[provider]
            assert [citation["label"] for citation in reading.ending["message"]["citations"]] == ["7:03"]
        assert stage.keys() == [OPERATORS] * 2
        assert "321" in str(stage.upstream.asked[0].body)
        named = await stage.server.nobody.execute("{ server { capabilities { llm } } }")
        assert named.data["server"]["capabilities"]["llm"] == NAMES[provider]


@pytest.mark.parametrize("provider", SERVERS)
async def test_the_callers_own_key_comes_first(settings: Settings, provider: str) -> None:
    async with staged(settings, provider, ["The Moon."]) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: OWN})
        await answered(user)
        await answered(await stage.server.user())
        assert stage.keys() == [OWN, OPERATORS]


async def test_after_failures_no_process_asks_it_until_one_has_tried(settings: Settings) -> None:
    async with staged(settings, "gemini", DOWN, DOWN, Refusal(status=429), ["Back."], servers=2) as stage:
        users = [await server.user() for server in stage.servers]
        assert [ending(await answered(user)) for user in users] == ["MODEL_UNAVAILABLE"] * 2
        conversations = [await converse(user) for user in users]
        before = await count(stage)
        for user, conversation in zip(users, conversations, strict=True):
            assert (await send(user, conversation))["__typename"] == "ModelUnavailable"
            assert await quota_used(user) == 0
        assert await count(stage) == before
        assert len(stage.upstream.asked) == 2
        await let_pause_pass(stage)
        # Without a word: the first would be answer enough.
        assert ending(await answered(users[0])) == "MODEL_BUSY"
        assert (await send(users[1], conversations[1]))["__typename"] == "ModelUnavailable"
        assert len(stage.upstream.asked) == 3
        await let_pause_pass(stage)
        assert [ending(await answered(user)) for user in users] == ["Done"] * 2


async def test_it_is_open_for_no_other_key(settings: Settings) -> None:
    """Neither do failures with a key of one's own count, nor does it keep its owner from asking."""
    async with staged(settings, "openrouter", DOWN) as stage:
        owner, user = await stage.server.user(), await stage.server.user()
        await keys_set(owner, openrouter=OWN)
        for _ in range(3):
            await answered(owner)
        assert [ending(await answered(user)) for _ in range(2)] == ["MODEL_UNAVAILABLE"] * 2
        assert (await send(user, await converse(user)))["__typename"] == "ModelUnavailable"
        await answered(owner)
        assert stage.keys() == [OWN] * 3 + [OPERATORS] * 2 + [OWN]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("provider", SERVERS)
async def test_nobody_is_told_that_the_operators_key_was_refused(settings: Settings, provider: str) -> None:
    async with staged(settings, provider, Refusal(status=401), ["Back."]) as stage:
        reading = await answered(stage.server.guest())
        assert (reading.text, ending(reading)) == ("Back.", "Done")


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_refused_question_says_nothing_of_the_model(settings: Settings) -> None:
    async with staged(settings, "gemini", [Fault.BLOCKED]) as stage:
        user = await stage.server.user()
        assert {ending(await answered(user)) for _ in range(4)} == {"MODEL_REFUSED"}
