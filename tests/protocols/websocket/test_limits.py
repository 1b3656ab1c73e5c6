"""How much one socket may do, and how many there may be; what has ended does not count."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from services.rates import Rate
from services.settings import Settings
from tests.client import Json
from tests.protocols.websocket.sockets import (
    INIT,
    acknowledged,
    closing,
    connected,
    heard,
    is_well,
    send,
    subscribe,
    told,
)
from tests.protocols.websocket.stage import Stage, staged
from tests.schema.shapes import faults_of_errors

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ENDLESS = "subscription { endless }"
TRY_AGAIN_LATER = (1013, "Too many sockets")
PING: Json = {"type": "ping"}
COMPLETE: Json = {"id": "1", "type": "complete"}


async def refusal(stage: Stage) -> tuple[int, str]:
    """How a socket too many is closed, before it says anything."""
    async with connected(stage.url) as connection:
        return await closing(connection)


async def test_operations_at_once(settings: Settings) -> None:
    async with (
        staged(settings.model_copy(update={"socket_operations": 3})) as stage,
        acknowledged(stage.url) as connection,
        acknowledged(stage.url) as other,
    ):
        request_id = connection.response.headers["X-Request-ID"] if connection.response else None
        for number, query in enumerate((ENDLESS, "{ waiting }", "mutation { waiting }")):
            await send(connection, subscribe(str(number), query))
        await stage.until_running(3)
        assert (await heard(connection))["type"] == "next"
        for query in ("{ __typename }", ENDLESS, "{"):
            answer = await told(connection, subscribe("one too many", query))
            assert (answer["type"], answer["id"]) == ("error", "one too many")
            assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert list(faults_of_errors(answer["payload"], request_id)) == []
        assert await is_well(other)
        await send(connection, {"id": "1", "type": "complete"})
        assert await is_well(connection)
        assert stage.running == 2


async def test_messages_in_a_stretch_of_time(settings: Settings) -> None:
    strict = settings.model_copy(update={"socket_messages": Rate(20, 3600)})
    async with staged(strict) as stage, acknowledged(stage.url) as bystander:
        operations = [subscribe(str(number)) for number in range(19)]
        for messages in (*([message] * 19 for message in (PING, {"type": "pong"}, COMPLETE)), operations):
            async with acknowledged(stage.url) as connection:
                await send(connection, *messages, PING)
                assert await closing(connection) == (4429, "Too many messages"), messages[0]
        async with connected(stage.url) as connection:
            for _ in range(20):
                assert (await told(connection, PING))["type"] == "pong"
            await send(connection, INIT)
            assert await closing(connection) == (4429, "Too many messages")
        assert await is_well(bystander)


async def test_the_stretch_of_time_goes_by(settings: Settings) -> None:
    brief = settings.model_copy(update={"socket_messages": Rate(30, 1)})
    async with staged(brief) as stage, acknowledged(stage.url) as connection:
        for _ in range(2):
            for _ in range(29):
                assert (await told(connection, PING))["type"] == "pong"
            await asyncio.sleep(1.1)
        assert await is_well(connection)


async def test_sockets_of_one_viewer(settings: Settings) -> None:
    async with staged(settings.model_copy(update={"sockets_per_viewer": 2})) as stage:
        one, other = {"guestSessionId": "one"}, {"guestSessionId": "other"}
        async with acknowledged(stage.url, one) as first, AsyncExitStack() as rest:
            second = await rest.enter_async_context(acknowledged(stage.url, one))
            for _ in range(3):
                async with connected(stage.url) as connection:
                    await send(connection, INIT | {"payload": one})
                    assert await closing(connection) == (4429, "Too many sockets")
            # Nobody is told apart who says nothing of himself.
            for payload in (other, other, None, None, None):
                assert await is_well(await rest.enter_async_context(acknowledged(stage.url, payload)))
            assert await is_well(first)
            second.transport.abort()
            await rest.aclose()

            async def reopened() -> bool:
                try:
                    async with acknowledged(stage.url, one) as connection:
                        return await is_well(connection)
                except ConnectionClosed:
                    return False

            async with asyncio.timeout(30):
                while not await reopened():
                    pass


async def test_sockets_from_one_address(settings: Settings) -> None:
    limited = settings.model_copy(update={"sockets_per_address": 2, "trusted_proxies": frozenset({"127.0.0.1"})})
    async with staged(limited) as stage:
        async with acknowledged(stage.url) as first, connected(stage.url):
            for _ in range(3):
                assert await refusal(stage) == TRY_AGAIN_LATER
            for _ in range(2):
                async with connected(stage.url, headers={"X-Forwarded-For": "192.0.2.1"}) as elsewhere:
                    assert await told(elsewhere, INIT) == {"type": "connection_ack"}
            assert await is_well(first)
        await stage.until_alone()
        async with acknowledged(stage.url), acknowledged(stage.url):
            assert stage.connections.count == 2


async def test_sockets_of_the_process(settings: Settings) -> None:
    limited = settings.model_copy(update={"sockets_per_process": 2, "trusted_proxies": frozenset({"127.0.0.1"})})
    async with staged(limited) as stage:
        async with acknowledged(stage.url) as first, connected(stage.url, headers={"X-Forwarded-For": "192.0.2.1"}):
            assert await refusal(stage) == TRY_AGAIN_LATER
            assert await is_well(first)
        await stage.until_alone()
        async with acknowledged(stage.url) as connection:
            assert await is_well(connection)


async def test_counts_go_back_however_a_socket_ends(settings: Settings) -> None:
    changes = {"socket_init_seconds": 0.3, "sockets_per_viewer": 3, "socket_messages": Rate(10, 3600)}
    async with staged(settings.model_copy(update=changes)) as stage:
        guest: Json = INIT | {"payload": {"guestSessionId": "one"}}
        endings: list[tuple[list[Json], int]] = [
            ([], 4408),
            ([{"type": "x"}], 4400),
            ([subscribe("1")], 4401),
            ([INIT | {"payload": {"authorization": "Bearer x"}}], 4403),
            ([guest, {"type": "x"}], 4400),
            ([guest, guest], 4429),
            ([guest, *[PING] * 10], 4429),
        ]
        for messages, code in endings * 2:
            async with connected(stage.url) as connection:
                await send(connection, *messages)
                assert (await closing(connection))[0] == code
        for _ in range(4):
            async with connected(stage.url) as connection:
                await told(connection, guest)
                await told(connection, subscribe("1", ENDLESS))
                connection.transport.abort()
            await stage.until_alone()
        assert stage.sockets._by_viewer == stage.sockets._signed_in == {}
