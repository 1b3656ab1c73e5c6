"""How many subscriptions over HTTP there may be at once; what has ended does not count."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest

from services.settings import Settings
from tests.client import UNUSED_TLS, Client
from tests.conditions import until
from tests.protocols.streams.subscriber import ACCEPTED, FORMS, Answer, asked
from tests.protocols.websocket.sockets import acknowledged, closing, connected, is_well
from tests.protocols.websocket.stage import Stage, staged

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ENDLESS = "subscription { endless }"
BRIEF = "subscription { numbers(to: 3) }"
SMALL = {"socket_operations": 2}
PROXIED = {"trusted_proxies": frozenset({"127.0.0.1"})}
ELSEWHERE = {"X-Forwarded-For": "192.0.2.1"}


def guest(stage: Stage, name: str = "one") -> Client:
    return Client(url=stage.url, guest=name)


async def post(client: Client, form: str, query: str = ENDLESS, **headers: str) -> httpx2.Response:
    """For answers that end."""
    sent = {**client.headers, "Accept": ACCEPTED[form], **headers}
    async with httpx2.AsyncClient(timeout=10, verify=UNUSED_TLS) as http:
        return await http.post(f"{client.url}/graphql", json={"query": query}, headers=sent)


async def is_refused(client: Client, form: str, **headers: str) -> bool:
    response = await post(client, form, **headers)
    (error,) = response.json()["errors"]
    assert response.headers["content-type"].startswith("application/json")
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "details": {"resetInSeconds": int(response.headers["retry-after"])},
        "requestId": response.headers["x-request-id"],
    }
    return response.status_code == 429


@asynccontextmanager
async def begun(client: Client, form: str) -> AsyncGenerator[Answer]:
    """A stream whose first event has come, and that goes on."""
    async with asked(client, form, ENDLESS) as answer:
        assert await anext(answer.payloads()) == {"data": {"endless": "begun"}}
        yield answer


async def until_running(stage: Stage, count: int) -> None:
    async def runs() -> bool:
        return stage.running == stage.connections.count == count

    await until(runs)


@pytest.mark.parametrize("form", FORMS)
async def test_streams_of_one_viewer(settings: Settings, form: str) -> None:
    most = settings.socket_operations
    async with staged(settings) as stage, AsyncExitStack() as rest:
        async with begun(guest(stage), form) as first:
            for number in range(1, most):
                await rest.enter_async_context(begun(guest(stage), FORMS[number % 2]))
            for other in FORMS * 3:
                assert await is_refused(guest(stage), other)
            assert stage.running == most
            for someone in (guest(stage, "other"), Client(url=stage.url), Client(url=stage.url, token="forged")):
                async with begun(someone, form):
                    pass
            async with acknowledged(stage.url, {"guestSessionId": "one"}) as connection:
                assert await is_well(connection)
            stage.gate.set()
            assert await anext(first.payloads()) == {"data": {"endless": "opened"}}
        await rest.aclose()
        await stage.until_alone()


@pytest.mark.parametrize("form", FORMS)
async def test_who_has_left_is_replaced(settings: Settings, form: str) -> None:
    async with staged(settings.model_copy(update=SMALL)) as stage:
        async with begun(guest(stage), form):
            for _ in range(3):
                async with begun(guest(stage), form):
                    assert await is_refused(guest(stage), form)
                await until_running(stage, 1)
        await stage.until_alone()
        assert not stage.connections._streams_by_viewer


async def test_streams_by_get_count_as_well(settings: Settings) -> None:
    async with staged(settings.model_copy(update=SMALL)) as stage, AsyncExitStack() as rest:
        headers = {**guest(stage).headers, "Accept": ACCEPTED["sse"]}
        http = await rest.enter_async_context(httpx2.AsyncClient(timeout=10, verify=UNUSED_TLS))
        url = f"{stage.url}/graphql"
        for _ in range(2):
            await rest.enter_async_context(http.stream("GET", url, params={"query": ENDLESS}, headers=headers))
        refused = await http.get(url, params={"query": ENDLESS}, headers=headers)
        assert refused.status_code == 429
        assert refused.headers["cache-control"] == "no-store"


async def test_sockets_and_streams_from_one_address(settings: Settings) -> None:
    limited = settings.model_copy(update={"sockets_per_address": 4, **PROXIED})
    async with staged(limited) as stage:
        async with AsyncExitStack() as rest:
            for number in range(3):
                await rest.enter_async_context(begun(guest(stage, f"guest {number}"), FORMS[number % 2]))
            async with acknowledged(stage.url) as socket:
                for form in FORMS:
                    assert await is_refused(guest(stage, "fresh"), form)
                    assert await is_refused(Client(url=stage.url), form)
                assert stage.running == 3
                async with connected(stage.url) as one_too_many:
                    assert await closing(one_too_many) == (1013, "Too many sockets")
                assert (await post(guest(stage), "sse", "{ __typename }")).status_code == 200
                assert (await post(guest(stage), "sse", BRIEF, **ELSEWHERE)).status_code == 200
                assert await is_well(socket)
        await stage.until_alone()
        async with begun(guest(stage), "sse"):
            pass


async def test_sockets_and_streams_of_the_process(settings: Settings) -> None:
    limited = settings.model_copy(update={"sockets_per_process": 2, **PROXIED})
    async with staged(limited) as stage, acknowledged(stage.url):
        async with begun(guest(stage), "multipart"):
            assert await is_refused(guest(stage, "other"), "sse", **ELSEWHERE)
        await stage.until_running(0)
        async with begun(guest(stage, "other"), "sse"):
            pass


@pytest.mark.parametrize("form", FORMS)
async def test_queries_and_mutations_do_not_count(settings: Settings, form: str) -> None:
    limited = settings.model_copy(update={"socket_operations": 1, "sockets_per_address": 1})
    async with staged(limited) as stage, asyncio.TaskGroup() as group, begun(guest(stage), form):
        waiting = [group.create_task(post(guest(stage), form, "{ waiting }")) for _ in range(3)]
        waiting.append(group.create_task(post(guest(stage), form, "mutation { waiting }")))
        await stage.until_running(1 + len(waiting))
        assert stage.connections.count == 1
        stage.gate.set()
        for answer in [await task for task in waiting]:
            assert answer.status_code == 200
            assert '"done"' in answer.text


@pytest.mark.parametrize("form", FORMS)
async def test_counts_go_back_however_a_stream_ends(settings: Settings, form: str) -> None:
    async with staged(settings.model_copy(update={"socket_operations": 1})) as stage:
        for query in (
            BRIEF,
            "subscription { failing }",
            "subscription ($n: Int!) { numbers(to: $n) }",
            "subscription { nothing }",
            "subscription {",
        ) * 2:
            async with asked(guest(stage), form, query) as answer:
                assert await answer.all()
            await stage.until_alone()
        for _ in range(3):
            async with begun(guest(stage), form):
                assert stage.connections.count == 1
            await stage.until_alone()
        assert not stage.connections._streams_by_viewer


@pytest.mark.parametrize("form", FORMS)
async def test_counts_go_back_at_shutdown(settings: Settings, form: str) -> None:
    async with staged(settings) as stage, begun(guest(stage), form):
        stage.server.should_exit = True
        await stage.until_alone()
        assert not stage.connections._streams_by_viewer
