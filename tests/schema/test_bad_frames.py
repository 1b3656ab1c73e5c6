"""Messages on a socket that no client should send: each is answered or ends its own socket, and the server goes on.

Left out are frames that are no object, and subscriptions whose parts are of another type: Strawberry's handler, which
serves sockets for now, breaks off at them.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.settings import Settings
from tests.client import Json
from tests.schema.shapes import faults_of_errors, faults_of_text
from tests.server import Server, serving

INIT = {"type": "connection_init"}
FOLLOW = "subscription ($id: ID!) { wizReply(messageId: $id) { __typename } }"

INIT_PAYLOADS: list[tuple[object, int | None]] = [
    ({}, None),
    ({"unknown": [[[]]], "\ud800": "\0"}, None),
    ({"authorization": None, "guestSessionId": None}, None),
    ({"authorization": "", "guestSessionId": ""}, None),
    (None, 4400),
    (1, 4400),
    (True, 4400),
    ("x", 4400),
    ([], 4400),
    ([1], 4400),
    ({"authorization": 1}, 4403),
    ({"authorization": []}, 4403),
    ({"authorization": {}}, 4403),
    ({"authorization": "Bearer"}, 4403),
    ({"authorization": "Bearer x.y.z"}, 4403),
    ({"authorization": "Bearer \ud800"}, 4403),
    ({"authorization": "\0"}, 4403),
    ({"guestSessionId": 1}, 4403),
    ({"guestSessionId": ["x"]}, 4403),
    ({"guestSessionId": "\0"}, 4403),
    ({"guestSessionId": "\ud800"}, 4403),
    ({"guestSessionId": "x" * 10_000}, 4403),
]
"""Payloads of connection_init, and the code that the socket is closed with; None when it is acknowledged."""

SUBSCRIPTIONS: list[Json] = [
    {"query": ""},
    {"query": None},
    {"query": "{"},
    {"query": "\0"},
    {"query": "\ud800"},
    {"query": "{" * 5_000},
    {"query": "{ " + "a: __typename " * 1_001 + "}"},
    {"query": "fragment F on Query { __typename }"},
    {"query": "{ __typename }", "operationName": "C"},
    {"query": "{ __typename }", "operationName": "\ud800"},
    {"query": "{ nothing }"},
    {"query": "subscription { nothing }"},
    {"query": "subscription { __typename }"},
    {"query": 'subscription { wizReply(messageId: "x") { nothing } }'},
    {"query": "subscription { wizReply(messageId: 1.5) { __typename } }"},
    {"query": 'subscription { a: wizReply(messageId: "x") { __typename } b: wizReply(messageId: "x") { __typename } }'},
    {"query": FOLLOW},
    {"query": FOLLOW, "variables": {}},
    {"query": FOLLOW, "variables": {"id": None}},
    {"query": FOLLOW, "variables": {"id": [1]}},
    {"query": FOLLOW, "variables": {"id": {}}},
    {"query": FOLLOW, "variables": {"id": True}},
]

FRAMES: list[tuple[str | bytes, int]] = [
    ("", 4400),
    ("x", 4400),
    ('{"type": "subsc', 4400),
    ("{}", 4400),
    ('{"type": 1}', 4400),
    ('{"type": "nothing"}', 4400),
    ('{"type": "subscribe"}', 4400),
    ('{"type": "subscribe", "id": "1"}', 4400),
    ('{"type": "subscribe", "id": "1", "payload": {}}', 4400),
    ('{"type": "complete"}', 4400),
    ('{"type": "connection_init"}', 4429),
    (b"\0\1", 4400),
]
"""Frames after the acknowledgement, and the code that the socket is closed with."""


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> object:
    """One engine: nothing here reaches a database."""
    return request.getfixturevalue("sqlite_databases")


@asynccontextmanager
async def connected(server: Server) -> AsyncGenerator[ClientConnection]:
    address = server.url.replace("http", "ws") + "/graphql"
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(address, subprotocols=protocols) as connection:
        yield connection


async def told(connection: ClientConnection, message: Json) -> Json:
    """The next message after this one is sent."""
    await connection.send(json.dumps(message))
    answer: Json = json.loads(await connection.recv())
    return answer


async def closing_code(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        await connection.recv()
    return closed.value.rcvd.code if closed.value.rcvd else None


def subscribe(number: str, payload: Json) -> Json:
    return {"type": "subscribe", "id": number, "payload": payload}


async def is_well(connection: ClientConnection) -> bool:
    answer = await told(connection, subscribe("well", {"query": "{ __typename }"}))
    done = json.loads(await connection.recv())
    return bool(answer["payload"] == {"data": {"__typename": "Query"}} and done["type"] == "complete")


@pytest.mark.asyncio
async def test_odd_payloads_of_the_first_message(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        for payload, code in INIT_PAYLOADS:
            async with connected(server) as connection:
                if code is None:
                    assert (await told(connection, INIT | {"payload": payload}))["type"] == "connection_ack", payload
                    assert await is_well(connection), payload
                else:
                    await connection.send(json.dumps(INIT | {"payload": payload}))
                    assert await closing_code(connection) == code, payload


@pytest.mark.asyncio
async def test_an_operation_that_is_no_good_is_told_so_and_the_socket_lives_on(settings: Settings) -> None:
    async with serving(settings, work=False) as server, connected(server) as connection:
        assert (await told(connection, INIT))["type"] == "connection_ack"
        request_id = connection.response.headers["X-Request-ID"] if connection.response else None
        for number, payload in enumerate(SUBSCRIPTIONS):
            answer = await told(connection, subscribe(str(number), payload))
            assert (answer["type"], answer["id"]) == ("error", str(number)), payload
            assert list(faults_of_errors(answer["payload"], request_id)) == [], payload
            assert {error["extensions"]["code"] for error in answer["payload"]} == {"BAD_USER_INPUT"}, payload
            assert await is_well(connection), payload


@pytest.mark.asyncio
async def test_a_frame_that_is_no_message_ends_its_own_socket_only(settings: Settings) -> None:
    async with serving(settings, work=False) as server, connected(server) as bystander:
        assert (await told(bystander, INIT))["type"] == "connection_ack"
        for frame, code in FRAMES:
            async with connected(server) as connection:
                assert (await told(connection, INIT))["type"] == "connection_ack"
                await connection.send(frame)
                assert await closing_code(connection) == code, frame
            assert await is_well(bystander), frame


@pytest.mark.asyncio
async def test_an_operation_before_the_first_message_is_refused(settings: Settings) -> None:
    async with serving(settings, work=False) as server, connected(server) as connection:
        await connection.send(json.dumps(subscribe("1", {"query": "{ __typename }"})))
        assert await closing_code(connection) == 4401


@pytest.mark.asyncio
async def test_two_operations_of_one_id_are_refused(settings: Settings) -> None:
    waiting = subscribe("1", {"query": "subscription ($id: ID!) { videoReadiness(videoId: $id) { __typename } }"})
    async with serving(settings, work=False) as server:
        guest = server.guest()
        added = await guest.execute(
            'mutation { conversationCreate(input: {video: {youtube: "unready-001"}}) {'
            " ... on ConversationCreateSuccess { conversation { video { id } } } } }"
        )
        video = added.data["conversationCreate"]["conversation"]["video"]["id"]
        waiting["payload"]["variables"] = {"id": video}
        async with connected(server) as connection:
            await told(connection, INIT | {"payload": {"guestSessionId": guest.guest}})
            assert (await told(connection, waiting))["type"] == "next"
            await connection.send(json.dumps(waiting))
            assert await closing_code(connection) == 4409


def test_internal_text_is_found() -> None:
    for text in (
        "Traceback (most recent call last)",
        "sqlite3.OperationalError",
        "in /tmp/x",
        "at schema/root.py line 1",
    ):
        assert list(faults_of_text(text)), text
    assert not list(faults_of_text("Sign in, or send a guest session id."))
