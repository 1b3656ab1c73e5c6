"""What every adapter to a provider of models keeps to, against stand-ins that speak the provider's dialect."""

import asyncio
import traceback

import pytest
from pydantic import SecretStr

from services.llm.remote import adapter
from tests.conditions import until
from tests.servers.model_server import Fault, ModelServer, Refusal, Script
from tests.servers.ports import free_port
from tests.services.llm.stage import KEY, REQUEST, SERVERS, listen, provider_at, staged

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("name", SERVERS)]


async def test_an_answer_comes_in_pieces_and_is_asked_for_once(name: str) -> None:
    async with staged(name, ["The Moon ", "pulls \N{WAVING HAND SIGN} ", "[1:01]."]) as stage:
        heard = await listen(stage.model())
        assert heard.error is None
        assert heard.pieces == ["The Moon ", "pulls \N{WAVING HAND SIGN} ", "[1:01]."]
        assert [asked.key for asked in stage.server.asked] == [KEY]
        assert stage.model().name.startswith(f"{name}/")


async def test_each_request_brings_its_own_key(name: str) -> None:
    async with staged(name, ["One."]) as stage:
        models = [stage.model(f"key-{number}") for number in range(8)]
        await asyncio.gather(*(listen(model) for model in models))
        assert sorted(asked.key for asked in stage.server.asked) == [f"key-{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Refusal(status=401), "KeyRefused"),
        (Refusal(status=403), "KeyRefused"),
        (Refusal(status=429), "ModelBusy"),
        (Refusal(status=404), "ModelRefused"),
        (Refusal(status=500), "ModelUnavailable"),
        (Refusal(status=503), "ModelUnavailable"),
        ([Fault.CUT], "ModelUnavailable"),
        ([Fault.UNFINISHED], "ModelUnavailable"),
        ([Fault.GARBAGE], "ModelUnavailable"),
        ([Fault.ERROR], "ModelUnavailable"),
        ([Fault.BLOCKED], "ModelRefused"),
        (["The Moon ", Fault.CUT], "ModelUnavailable"),
        (["The Moon ", Fault.UNFINISHED], "ModelUnavailable"),
        (["The Moon ", Fault.GARBAGE], "ModelUnavailable"),
        (["The Moon ", Fault.ERROR], "ModelUnavailable"),
        (["The Moon ", Fault.BLOCKED], "ModelRefused"),
    ],
    ids=str,
)
async def test_what_goes_wrong_is_told_apart_and_tells_no_key(name: str, script: Script, kind: str) -> None:
    async with staged(name, script) as stage:
        heard = await listen(stage.model())
        assert heard.ending[0] == kind
        assert heard.text == ("" if isinstance(script, Refusal) or len(script) == 1 else "The Moon ")
        assert len(stage.server.asked) == 1
        assert heard.error is not None
        assert KEY not in "".join(traceback.format_exception(heard.error)) + repr(heard.error) + repr(stage.model())


async def test_nonsense_is_no_crash(name: str) -> None:
    async with staged(name, ["The Moon ", Fault.NONSENSE]) as stage:
        heard = await listen(stage.model())
        assert heard.text == "The Moon "
        assert heard.error is None or heard.ending[0] == "ModelUnavailable"


async def test_a_provider_that_is_not_there(name: str) -> None:
    provider = provider_at(name, f"http://127.0.0.1:{free_port()}")
    assert (await listen(provider.with_key(SecretStr(KEY)))).ending[0] == "ModelUnavailable"
    await provider.close()


async def test_a_redirect_is_not_followed(name: str) -> None:
    """A key goes where the settings say."""
    async with staged(name, ["Elsewhere."]) as elsewhere:
        async with staged(name, Refusal(status=307, location=f"{elsewhere.server.url}/there")) as stage:
            assert (await listen(stage.model())).ending == ("ModelUnavailable", "HTTP_307")
        assert elsewhere.server.asked == []


async def test_no_proxy_of_the_environment_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("GOOGLE_API_KEY", "key-of-somebody")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-somebody")
    async with staged(name, ["Direct."]) as stage:
        assert (await listen(stage.model())).text == "Direct."
        assert stage.server.asked[0].key == KEY


@pytest.mark.parametrize("said", [[], ["The Moon "]])
async def test_silence_ends_it(name: str, said: list[str]) -> None:
    async with staged(name, [*said, asyncio.Event()], silence_seconds=1.5) as stage:
        heard = await listen(stage.model())
        assert (heard.text, heard.ending) == ("".join(said), ("ModelSilent", "SILENT"))
        await _hung_up(stage.server)


async def test_an_answer_without_end_is_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "LONGEST_ANSWER", 50)
    async with staged(name, [*["The Moon "] * 10, asyncio.Event()]) as stage:
        assert (await listen(stage.model())).ending == ("ModelUnavailable", "TOO_LONG")
        await _hung_up(stage.server)


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.ERROR])
async def test_what_cannot_be_understood_is_not_listened_to(name: str, fault: Fault) -> None:
    async with staged(name, ["The Moon ", fault, asyncio.Event()]) as stage:
        heard = await listen(stage.model())
        assert heard.error is not None
        await _hung_up(stage.server)
        assert heard.error.__context__ is None


async def test_closing_the_answer_closes_the_connection(name: str) -> None:
    async with staged(name, ["The Moon ", "pulls ", asyncio.Event()]) as stage:
        answer = stage.model().reply(REQUEST)
        assert await anext(answer) == "The Moon "
        await answer.aclose()
        await _hung_up(stage.server)


@pytest.mark.parametrize("said", [[], ["The Moon "]])
async def test_cancelling_its_reader_closes_the_connection(name: str, said: list[str]) -> None:
    async with staged(name, [*said, asyncio.Event()]) as stage:

        async def is_asked() -> bool:
            return len(stage.server.asked) == 1

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen(stage.model()))
            await until(is_asked)
            listening.cancel()
        await _hung_up(stage.server)


async def _hung_up(server: ModelServer) -> None:
    async def has_hung_up() -> bool:
        return server.hung_up == 1

    await until(has_hung_up)
