"""graphql-transport-ws, rule by rule."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

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

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ACK: Json = {"type": "connection_ack"}
ENDLESS = "subscription { endless }"


async def test_the_first_message_is_acknowledged_without_a_payload(stage: Stage) -> None:
    parts: list[Json] = [{}, {"payload": {}}, {"payload": None}, {"payload": {"unknown": [[{}]], "\ud800": "\0"}}]
    for payload in parts:
        async with connected(stage.url) as connection:
            assert connection.subprotocol == "graphql-transport-ws"
            assert await told(connection, INIT | payload) == ACK
            assert await is_well(connection)


async def test_a_payload_that_is_no_object_is_refused(stage: Stage) -> None:
    payloads: list[object] = [0, 1, True, False, "", "x", [], [{}]]
    for payload in payloads:
        async with connected(stage.url) as connection:
            await send(connection, INIT | {"payload": payload})
            assert await closing(connection) == (4400, "The payload must be an object."), payload


async def test_a_second_first_message(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, INIT)
        assert await closing(connection) == (4429, "Too many initialisation requests")
    async with connected(stage.url) as connection:
        await send(connection, INIT, INIT)
        assert await closing(connection) == (4429, "Too many initialisation requests")


async def test_the_first_message_does_not_come(settings: Settings) -> None:
    hasty = settings.model_copy(update={"socket_init_seconds": 0.2})
    async with staged(hasty) as stage, acknowledged(stage.url) as in_time:
        async with connected(stage.url) as late:
            # What else is said does not count.
            assert await told(late, {"type": "ping"}) == {"type": "pong"}
            assert await closing(late) == (4408, "Connection initialisation timeout")
        assert await is_well(in_time)


async def test_an_operation_before_the_acknowledgement(stage: Stage) -> None:
    async with connected(stage.url) as connection:
        await send(connection, subscribe("1"))
        assert await closing(connection) == (4401, "Unauthorized")


async def test_pings_are_answered_with_what_came_with_them(stage: Stage) -> None:
    async with connected(stage.url) as connection:
        for is_acknowledged in (False, True):
            if is_acknowledged:
                assert await told(connection, INIT) == ACK
            for payload in ({}, {"a": [1, None, {"b": "ü\ud800\0"}]}):
                assert await told(connection, {"type": "ping", "payload": payload}) == {
                    "type": "pong",
                    "payload": payload,
                }
            assert await told(connection, {"type": "ping"}) == {"type": "pong"}
            assert await told(connection, {"type": "ping", "payload": None}) == {"type": "pong"}


async def test_pongs_need_no_answer(stage: Stage) -> None:
    async with connected(stage.url) as connection:
        await send(connection, {"type": "pong"}, {"type": "pong", "payload": None}, {"type": "pong", "payload": {}})
        assert await told(connection, INIT) == ACK
        await send(connection, {"type": "pong"})
        assert await is_well(connection)


async def test_a_query_gives_one_answer_and_is_complete(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        for number in ("1", "1", "ü", "x" * 10_000, " ", "\0"):
            await send(connection, subscribe(number))
            assert await heard(connection) == {
                "id": number,
                "type": "next",
                "payload": {"data": {"__typename": "Query"}},
            }
            assert await heard(connection) == {"id": number, "type": "complete"}


async def test_a_subscription_gives_its_events_in_order_and_is_complete(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, subscribe("s", "subscription { numbers(to: 500) }"))
        for number in range(500):
            assert await heard(connection) == {
                "id": "s",
                "type": "next",
                "payload": {"data": {"numbers": str(number)}},
            }
        assert await heard(connection) == {"id": "s", "type": "complete"}
        assert stage.running == 0
        assert await is_well(connection)


async def test_an_id_that_is_in_use(stage: Stage) -> None:
    for number in ("1", "ü" * 200, "\ud800"):
        async with acknowledged(stage.url) as connection, acknowledged(stage.url) as bystander:
            assert (await told(connection, subscribe(number, ENDLESS)))["type"] == "next"
            await send(connection, subscribe(number))
            code, reason = await closing(connection)
            whole = f"Subscriber for {number} already exists".encode(errors="replace").decode()
            assert code == 4409
            assert whole.startswith(reason)
            assert reason == whole or 120 <= len(reason.encode()) <= 123
            assert await is_well(bystander)
    await stage.until_alone()


async def test_an_id_is_free_once_its_operation_is_over(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        for _ in range(20):
            assert (await told(connection, subscribe("1", ENDLESS)))["type"] == "next"
            await send(connection, {"id": "1", "type": "complete"})
        for query in ("{ __typename }", "subscription { numbers(to: 0) }", "{", "{ broken }"):
            await send(connection, subscribe("1", query))
            while (await heard(connection))["type"] == "next":
                pass
        assert (await told(connection, subscribe("1", ENDLESS)))["type"] == "next"


async def test_completing_what_does_not_run_changes_nothing(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, {"id": "nobody's", "type": "complete"}, subscribe("1"))
        assert (await heard(connection))["type"] == "next"
        assert (await heard(connection))["type"] == "complete"
        await send(connection, {"id": "1", "type": "complete"}, {"id": "1", "type": "complete", "payload": 1})
        assert await is_well(connection)
    async with connected(stage.url) as connection:
        await send(connection, {"id": "1", "type": "complete"})
        assert await told(connection, INIT) == ACK


async def test_what_only_servers_say(stage: Stage) -> None:
    for kind in ("connection_ack", "next", "error", "start", "stop", "connection_terminate", "ü" * 300, ""):
        async with acknowledged(stage.url) as connection:
            await send(connection, {"id": "1", "type": kind, "payload": {}})
            code, reason = await closing(connection)
            assert code == 4400
            assert reason.startswith("A client sends no message of the type ")
            assert len(reason.encode()) <= 123


async def test_the_client_closes(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        assert (await told(connection, subscribe("1", ENDLESS)))["type"] == "next"
        await connection.close(1000, "Normal Closure")
        assert connection.close_code == 1000
        await stage.until_alone()


async def test_frames_in_pieces_and_control_frames(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        text = json.dumps(subscribe("1", "{ extensions }", extensions={"umlaut": "ü" * 1000}), ensure_ascii=False)
        await connection.send(text[at : at + 7] for at in range(0, len(text), 7))
        answer = await heard(connection)
        assert json.loads(answer["payload"]["data"]["extensions"]) == {"umlaut": "ü" * 1000}
        assert (await heard(connection))["type"] == "complete"
        async with asyncio.timeout(30):
            await (await connection.ping(b"there?"))
        assert await is_well(connection)


async def test_answers_are_text_and_are_not_compressed(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        assert connection.response is not None
        assert "Sec-WebSocket-Extensions" not in connection.response.headers
        await send(connection, subscribe("1"))
        assert isinstance(await connection.recv(), str)


async def test_a_frame_that_is_too_large(stage: Stage) -> None:
    async with acknowledged(stage.url) as bystander:
        async with acknowledged(stage.url) as connection:
            fits = json.dumps(subscribe("1", extensions={"filler": ""}))
            fits = fits.replace('"filler": ""', f'"filler": "{"x" * (64 * 1024 - len(fits))}"')
            assert len(fits) == 64 * 1024
            await connection.send(fits)
            assert (await heard(connection))["type"] == "next"
            await connection.send(fits + " ")
            assert (await closing(connection))[0] == 1009
        assert await is_well(bystander)


async def test_nesting_up_to_where_it_cannot_be_read(stage: Stage) -> None:
    async with acknowledged(stage.url) as bystander:
        codes: list[int | None] = []
        for depth in range(100, 1100, 7):
            async with connected(stage.url) as connection:
                await connection.send('{"type":"ping","payload":' + '{"a":' * depth + "1" + "}" * (depth + 1))
                try:
                    assert await connection.recv()
                    codes.append(None)
                except ConnectionClosed as closed:
                    codes.append(closed.rcvd.code if closed.rcvd else 1006)
        assert set(codes) == {None, 4400}
        assert codes == sorted(codes, key=lambda code: code or 0)
        assert await is_well(bystander)
