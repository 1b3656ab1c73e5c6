"""Wiz for users with a key of their own: written by that provider's model, for everybody else by the configured one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from services.settings import Settings
from tests.client import Client
from tests.conditions import until
from tests.conversations import Reading, ask, converse, follow, messages, quota_used, says, stop
from tests.provider_keys import keys_set
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import Asked, Fault, ModelServer, Refusal, Script
from tests.servers.openrouter import openrouter

pytestmark = pytest.mark.asyncio

KEY = "sk-canary-93ce"
PROVIDERS = ("gemini", "openrouter")
NAMES = {"gemini": "gemini/gemini-2.5-flash", "openrouter": "openrouter/google/gemini-2.5-flash"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    server: Server
    providers: dict[str, ModelServer]

    def asked(self, provider: str) -> list[Asked]:
        return self.providers[provider].asked


@asynccontextmanager
async def staged(settings: Settings, *scripts: Script) -> AsyncGenerator[Stage]:
    """Both providers say the same."""
    async with AsyncExitStack() as stack:
        providers = {
            "gemini": await stack.enter_async_context(gemini()),
            "openrouter": await stack.enter_async_context(openrouter()),
        }
        for provider in providers.values():
            provider.scripts[:] = scripts
        changes = {f"{name}_base_url": provider.url for name, provider in providers.items()}
        server = await stack.enter_async_context(serving(settings.model_copy(update=changes)))
        yield Stage(server=server, providers=providers)


async def answered(client: Client) -> Reading:
    """How one question is answered; what was streamed is what is stored."""
    conversation = await converse(client)
    reading = await follow(client, await ask(client, conversation))
    stored = (await messages(client, conversation))[-1]
    assert stored["content"] == reading.text
    return reading


def model_of(reading: Reading) -> str:
    assert reading.ending is not None
    assert reading.kinds[-1] == "Done", reading.ending
    model: str = reading.ending["message"]["model"]
    return model


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_streams_and_cites(settings: Settings, provider: str) -> None:
    gate = asyncio.Event()
    async with staged(settings, ["**Because ", gate, "the Moon moves on** [7:03]."]) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: KEY})
        conversation = await converse(user)
        reply = await ask(user, conversation)
        reading = await follow(user, reply, enough=says("**Because "))
        gate.set()
        await follow(user, reply, onto=reading)
        assert reading.text == "**Because the Moon moves on** [7:03]."
        assert model_of(reading) == NAMES[provider]
        assert reading.ending is not None
        (citation,) = reading.ending["message"]["citations"]
        assert (citation["startSeconds"], citation["label"]) == (423, "7:03")
        assert citation["quote"].startswith("From a high water")
        (asked,) = stage.asked(provider)
        assert asked.key == KEY
        assert "Why does the tide come later each day?" in str(asked.body)
        assert "7:03 From a high water" in str(asked.body)
        assert await quota_used(user) == 1


async def test_the_conversation_goes_along(settings: Settings) -> None:
    async with staged(settings, ["The Moon [7:03]."], ["Its pull."]) as stage:
        user = await stage.server.user()
        await keys_set(user, openrouter=KEY)
        conversation = await converse(user)
        await follow(user, await ask(user, conversation, "Who pulls?"))
        await follow(user, await ask(user, conversation, "How?"))
        turns = [(turn["role"], turn["content"]) for turn in stage.asked("openrouter")[-1].body["messages"][1:]]
        assert turns == [("user", "Who pulls?"), ("assistant", "The Moon [7:03]."), ("user", "How?")]


async def test_everybody_else_gets_the_configured_model(settings: Settings) -> None:
    async with staged(settings, ["By a provider."]) as stage:
        owner, user = await stage.server.user(), await stage.server.user()
        await keys_set(owner, gemini=KEY)
        for client in (user, stage.server.guest()):
            assert model_of(await answered(client)) == "extractive"
        assert [*stage.asked("gemini"), *stage.asked("openrouter")] == []
        assert model_of(await answered(owner)) == NAMES["gemini"]


async def test_each_users_key_is_used_for_that_user_alone(settings: Settings) -> None:
    async with staged(settings, ["By a provider."]) as stage:
        users = [await stage.server.user() for _ in range(4)]
        for number, user in enumerate(users):
            await keys_set(user, **{PROVIDERS[number % 2]: f"key-of-{number}"})
        readings = await asyncio.gather(*(answered(user) for user in users))
        assert [model_of(reading) for reading in readings] == [NAMES[PROVIDERS[number % 2]] for number in range(4)]
        assert sorted(asked.key for asked in stage.asked("gemini")) == ["key-of-0", "key-of-2"]
        assert sorted(asked.key for asked in stage.asked("openrouter")) == ["key-of-1", "key-of-3"]


async def test_the_key_of_the_moment_counts(settings: Settings) -> None:
    """Gemini's of two, the newest of one provider, and none after it is removed."""
    async with staged(settings, ["By a provider."]) as stage:
        user = await stage.server.user()
        await keys_set(user, gemini="first", openrouter=KEY)
        assert model_of(await answered(user)) == NAMES["gemini"]
        await keys_set(user, gemini="second")
        assert model_of(await answered(user)) == NAMES["gemini"]
        await keys_set(user, gemini=None)
        assert model_of(await answered(user)) == NAMES["openrouter"]
        await keys_set(user, openrouter=None)
        assert model_of(await answered(user)) == "extractive"
        assert [asked.key for asked in stage.asked("gemini")] == ["first", "second"]
        assert [asked.key for asked in stage.asked("openrouter")] == [KEY]


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (Refusal(status=401), "KEY_REFUSED", ""),
        (Refusal(status=403), "KEY_REFUSED", ""),
        (Refusal(status=429), "MODEL_BUSY", ""),
        (Refusal(status=404), "MODEL_REFUSED", ""),
        (["Half ", Fault.CUT], "MODEL_UNAVAILABLE", "Half "),
        (["Half ", Fault.UNFINISHED], "MODEL_UNAVAILABLE", "Half "),
        (["Half ", Fault.GARBAGE], "MODEL_UNAVAILABLE", "Half "),
        (["Half ", Fault.ERROR], "MODEL_UNAVAILABLE", "Half "),
        (["Half ", Fault.BLOCKED], "MODEL_REFUSED", "Half "),
        ([" "], "EMPTY_REPLY", " "),
    ],
    ids=str,
)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_failure_is_told_once_and_not_counted(
    settings: Settings, provider: str, script: Script, code: str, text: str
) -> None:
    async with staged(settings, script) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: KEY})
        reading = await answered(user)
        assert reading.ending is not None
        assert (reading.kinds[-1], reading.ending["code"], reading.text) == ("Failed", code, text)
        assert KEY not in str(reading)
        assert len(stage.asked(provider)) == 1
        assert await quota_used(user) == 0


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_is_away_before_the_first_word_is_asked_again(settings: Settings, provider: str) -> None:
    async with staged(settings, Refusal(status=503), ["Back."]) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: KEY})
        reading = await answered(user)
        assert (reading.text, model_of(reading)) == ("Back.", NAMES[provider])
        assert [asked.key for asked in stage.asked(provider)] == [KEY, KEY]


@pytest.mark.parametrize("said", [[], ["Half "]])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_stopping_stops_the_provider(settings: Settings, provider: str, said: list[str]) -> None:
    async with staged(settings, [*said, asyncio.Event()]) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: KEY})
        conversation = await converse(user)
        reply = await ask(user, conversation)
        reading = await follow(user, reply, enough=says("".join(said)))
        upstream = stage.providers[provider]

        async def is_asked() -> bool:
            return len(upstream.asked) == 1

        async def has_hung_up() -> bool:
            return upstream.hung_up == 1

        await until(is_asked)
        await stop(user, reply)
        await follow(user, reply, onto=reading)
        assert (reading.kinds[-1], reading.text) == ("Stopped", "".join(said))
        await until(has_hung_up)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_an_answer_that_takes_too_long(settings: Settings, provider: str) -> None:
    async with staged(settings.model_copy(update={"longest_reply_seconds": 1}), ["Well", asyncio.Event()]) as stage:
        user = await stage.server.user()
        await keys_set(user, **{provider: KEY})
        reading = await answered(user)
        assert reading.ending is not None
        assert (reading.ending["code"], reading.text) == ("TIMEOUT", "Well")

        async def has_hung_up() -> bool:
            return stage.providers[provider].hung_up == 1

        await until(has_hung_up)
        assert await quota_used(user) == 0
