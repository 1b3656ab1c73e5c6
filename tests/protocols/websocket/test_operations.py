"""Operations on a socket: beside one another, stopped at once, failing alone."""

import asyncio
import json

import pytest

from tests.client import Json
from tests.protocols.websocket.sockets import acknowledged, closing, heard, is_well, send, subscribe, told
from tests.protocols.websocket.stage import SECRET, Stage
from tests.schema.shapes import faults_of_errors

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ENDLESS = "subscription { endless }"
REFUSED: list[Json] = [
    {"query": ""},
    {"query": " "},
    {"query": "{"},
    {"query": "\0"},
    {"query": "\ud800"},
    {"query": '{ __typename(a: "\ud800") }'},
    {"query": "{" * 5_000},
    {"query": "{ " + "a: __typename " * 1_001 + "}"},
    {"query": "fragment F on Query { __typename }"},
    {"query": "query A { __typename } query B { __typename }"},
    {"query": "subscription A { endless } subscription B { endless }"},
    {"query": "{ __typename }", "operationName": "C"},
    {"query": "{ __typename }", "operationName": "\ud800"},
    {"query": "{ nothing }"},
    {"query": "{ extensions(a: 1) }"},
    {"query": "subscription { nothing }"},
    {"query": "subscription { __typename }"},
    {"query": "subscription { a: endless b: endless }"},
    {"query": "subscription { numbers }"},
    {"query": 'subscription { numbers(to: "x") }'},
    {"query": "subscription ($to: Int!) { numbers(to: $to) }"},
    {"query": "subscription ($to: Int!) { numbers(to: $to) }", "variables": {"to": None}},
    {"query": "subscription ($to: Int!) { numbers(to: $to) }", "variables": {"to": [1]}},
    {"query": "subscription ($to: Int!) { numbers(to: $to) }", "variables": {"to": 10**30}},
    {"query": "subscription ($to: Int!) { numbers(to: $to) }", "variables": {"to": True}},
    {"query": "query ($a: [Int]) { __typename }", "variables": {"a": "x"}},
]
"""Of which nothing is run."""


async def test_an_operation_that_is_no_good_is_told_so_and_the_others_go_on(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        assert (await told(connection, subscribe("waiting", ENDLESS)))["type"] == "next"
        request_id = connection.response.headers["X-Request-ID"] if connection.response else None
        for payload in REFUSED:
            answer = await told(connection, {"id": "1", "type": "subscribe", "payload": payload})
            assert (answer["type"], answer["id"]) == ("error", "1"), payload
            assert list(faults_of_errors(answer["payload"], request_id)) == [], payload
            # Nothing more of it comes, not even `complete`.
            assert await is_well(connection), payload
        assert stage.running == 1
        stage.gate.set()
        assert (await heard(connection))["payload"] == {"data": {"endless": "opened"}}


async def test_operations_run_beside_one_another(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        operations = [subscribe(f"query {number}", "{ waiting }") for number in range(6)]
        operations += [subscribe(f"mutation {number}", "mutation { waiting }") for number in range(6)]
        await send(connection, *operations, *(subscribe(f"stream {number}", ENDLESS) for number in range(6)))
        assert {(await heard(connection))["id"] for _ in range(6)} == {f"stream {number}" for number in range(6)}
        await stage.until_running(18)
        assert await is_well(connection)
        stage.gate.set()
        ended = [message["id"] for message in [await heard(connection) for _ in range(36)] if "payload" not in message]
        assert len(ended) == len(set(ended)) == 18


async def test_two_mutations_of_one_socket_and_one_document(stage: Stage) -> None:
    """Aliases of one mutation run one after the other, operations do not."""
    async with acknowledged(stage.url) as connection:
        await send(connection, subscribe("serial", "mutation { a: waiting b: waiting }"))
        await stage.until_running(1)
        await send(connection, subscribe("other", "mutation { waiting }"))
        await stage.until_running(2)


@pytest.mark.parametrize("query", ["{ waiting }", "mutation { waiting }", ENDLESS])
async def test_complete_stops_an_operation_at_once(stage: Stage, query: str) -> None:
    async with acknowledged(stage.url) as connection:
        for _ in range(30):
            # More at a time than the limit is, were the stopped ones counted.
            await send(connection, *(subscribe(str(number), query) for number in range(15)))
            await stage.until_running(15)
            await send(connection, *({"id": str(number), "type": "complete"} for number in range(15)))
            await stage.until_running(0)
        await send(connection, {"type": "ping", "payload": {"mark": 1}})
        while (message := await heard(connection))["type"] != "pong":
            assert message["type"] == "next"
        assert await is_well(connection)


async def test_nothing_comes_for_an_id_after_complete_was_answered_for(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, subscribe("1", "subscription { numbers(to: 1000000) }"))
        assert (await heard(connection))["payload"] == {"data": {"numbers": "0"}}
        await send(connection, {"id": "1", "type": "complete"}, {"type": "ping"})
        while (await heard(connection))["type"] != "pong":
            pass
        assert await is_well(connection)
        await stage.until_running(0)
        assert stage.made < 1_000_000


@pytest.mark.parametrize("leave", ["close", "abort"])
async def test_a_socket_that_goes_away_ends_its_operations(stage: Stage, leave: str) -> None:
    async with acknowledged(stage.url) as bystander, acknowledged(stage.url) as connection:
        for number, query in enumerate(("{ waiting }", "mutation { waiting }", ENDLESS)):
            await send(connection, subscribe(str(number), query))
        assert (await told(bystander, subscribe("1", ENDLESS)))["type"] == "next"
        await stage.until_running(4)
        if leave == "close":
            await connection.close()
        else:
            connection.transport.abort()
        await stage.until_running(1)
        stage.gate.set()
        assert (await heard(bystander))["payload"] == {"data": {"endless": "opened"}}


async def test_sockets_that_go_away_while_events_flow(stage: Stage) -> None:
    async def leave_amid_events() -> None:
        async with acknowledged(stage.url) as connection:
            await send(
                connection, *(subscribe(str(number), "subscription { numbers(to: 100000) }") for number in range(3))
            )
            await heard(connection)
            connection.transport.abort()

    for _ in range(10):
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(leave_amid_events())
    await stage.until_alone()


async def test_extensions_reach_the_resolvers(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        sent: Json = {"trace": {"deep": [1, None, "ü"]}}
        answers = {
            "none": subscribe("none", "{ extensions }"),
            "null": subscribe("null", "{ extensions }", extensions=None),
            "some": subscribe("some", "{ extensions }", extensions=sent),
        }
        for name, expected in (("none", {}), ("null", {}), ("some", sent)):
            answer = await told(connection, answers[name])
            assert json.loads(answer["payload"]["data"]["extensions"]) == expected
            assert (await heard(connection))["type"] == "complete"


async def test_a_resolver_that_fails_is_masked_and_alone(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        request_id = connection.response.headers["X-Request-ID"] if connection.response else None
        answer = await told(connection, subscribe("1", "{ broken }"))
        assert (await heard(connection)) == {"id": "1", "type": "complete"}
        (error,) = answer["payload"]["errors"]
        assert answer["type"] == "next"
        assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
        assert SECRET not in json.dumps(answer)

        assert (await told(connection, subscribe("2", "subscription { failing }")))["payload"] == {
            "data": {"failing": "begun"}
        }
        failed = await heard(connection)
        assert failed["payload"]["errors"][0]["extensions"] == error["extensions"]
        assert SECRET not in json.dumps(failed)
        assert await heard(connection) == {"id": "2", "type": "complete"}
        assert stage.running == 0
        assert await is_well(connection)


async def test_shutdown_closes_sockets_for_a_restart_and_ends_what_runs(stage: Stage) -> None:
    async with acknowledged(stage.url) as connection:
        await send(connection, subscribe("1", ENDLESS), subscribe("2", "mutation { waiting }"))
        await stage.until_running(2)
        stage.server.should_exit = True
        assert (await closing(connection))[0] == 1012
        await stage.until_alone()
