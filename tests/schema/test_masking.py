"""What breaks unexpectedly is told to the client without its cause, and once to the operator, under the request's id."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from services.logging import REDACTED
from tests.client import Client, Json, Socket, StreamRefused
from tests.commands import Operator
from tests.conditions import until
from tests.schema.broken_server import AT_ONCE_SECONDS, CREDENTIALS, GUEST, IN_THE_MIDDLE_SECONDS, PLACE
from tests.server import PASSWORD, REGISTER
from tests.servers.ports import accepts_connections, free_port
from tests.servers.processes import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = "{ sampleVideos { id } }"
ONE_VIDEO = '{ video(by: {youtube: "sample-tide"}) { id title notes { totalCount } } }'
TAKE_NOTE = """mutation {
  noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "1:05"}) { __typename }
}"""
FOLLOW = """subscription Follow($id: ID!, $seconds: Int!) {
  videoReadiness(videoId: $id, timeoutSeconds: $seconds) { __typename }
}"""


@contextmanager
def broken_server(folder: Path, database_url: str) -> Generator[tuple[Client, ServerProcess]]:
    port = free_port()
    operator = Operator(folder=folder, variables={"DB_URL": database_url, "PYTHONPATH": str(ROOT)})
    with ServerProcess(
        [sys.executable, "-m", "tests.schema.broken_server", str(port)],
        ready=lambda _: accepts_connections(port),
        env=operator.environment,
        cwd=folder,
    ) as process:
        yield Client(url=f"http://127.0.0.1:{port}", guest="a guest"), process


async def logged(process: ServerProcess, request_id: str) -> list[Json]:
    """What the log says of a request, once it says that the request has failed."""

    def lines() -> list[Json]:
        return [json.loads(line) for line in process.output().splitlines() if request_id in line]

    async def has_failed() -> bool:
        return any(line["event"] == "request.failed" for line in lines())

    await until(has_failed)
    return lines()


def tells_nothing(answered: object) -> bool:
    """Of the cause."""
    text = json.dumps(answered)
    return PLACE not in text and CREDENTIALS not in text


async def check(process: ServerProcess, error: Json, request_id: str) -> None:
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    failures = [line for line in await logged(process, request_id) if PLACE in json.dumps(line)]
    assert [(line["event"], line["level"]) for line in failures] == [("request.failed", "error")]
    assert failures[0]["request_id"] == request_id
    assert failures[0]["exception"].count(f"LookupError: cannot connect to postgresql://{REDACTED}@{PLACE}") == 1


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_what_breaks_is_masked_and_logged_once(database_url: str, tmp_path: Path) -> None:
    with broken_server(tmp_path, database_url) as (guest, process):
        registered = await guest.execute(REGISTER, email="ada@example.com", password=PASSWORD)
        user = Client(url=guest.url, token=registered.data["userRegister"]["tokens"]["accessToken"])
        for query in (SAMPLES, ONE_VIDEO, TAKE_NOTE):
            answer = await user.execute(query)
            assert (answer.status, answer.body["data"] or {}) in ((200, {}), (200, {"video": None}))
            assert tells_nothing(answer.body)
            await check(process, answer.error, answer.headers["X-Request-ID"])
        await check_get(process, guest)
        await check_context(process, guest)
        await check_sockets(process, guest)
        assert process.output().count(PLACE) == 8
        assert CREDENTIALS not in process.output()


async def check_get(process: ServerProcess, guest: Client) -> None:
    async with httpx2.AsyncClient(base_url=guest.url) as http:
        answer = await http.get("/graphql", params={"query": SAMPLES}, headers=guest.headers)
    await check(process, answer.json()["errors"][0], answer.headers["X-Request-ID"])


async def check_context(process: ServerProcess, guest: Client) -> None:
    """Before there is an operation: the request fails as a whole."""
    answer = await Client(url=guest.url, guest=GUEST).execute("{ viewer { kind } }")
    assert answer.status == 500
    await check(process, answer.error, answer.headers["X-Request-ID"])


async def check_sockets(process: ServerProcess, guest: Client) -> None:
    """One socket for all, as it lives on."""
    found = await guest.execute('{ video(by: {youtube: "sample-tide"}) { id } }')
    video = found.data["video"]["id"]
    async with guest.socket() as socket:
        response = socket.connection.response
        request_id = response.headers["X-Request-ID"] if response else ""
        told = [
            await broken_off(socket, SAMPLES),
            await broken_off(socket, FOLLOW, id=video, seconds=AT_ONCE_SECONDS),
            await broken_off(socket, FOLLOW, id=video, seconds=IN_THE_MIDDLE_SECONDS),
        ]
        assert await broken_off(socket, FOLLOW, id=video, seconds=60) == (["VideoSnapshot", "VideoReady"], [])
    assert tells_nothing(told)
    masked = [{"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}]
    shown = [(events, [error["extensions"] for error in errors]) for events, errors in told]
    assert shown == [([], masked), ([], masked), (["VideoSnapshot"], masked)]
    failures = [line for line in await logged(process, request_id) if PLACE in json.dumps(line)]
    assert [line["event"] for line in failures] == ["request.failed"] * 3


async def broken_off(socket: Socket, query: str, **variables: object) -> tuple[list[str], list[Json]]:
    """The events that come, by their types, and the errors that end them."""
    events: list[str] = []
    try:
        async for event in socket.subscribe(query, **variables):
            events.append(event["__typename"])  # noqa: PERF401  those before the error count
    except StreamRefused as refused:
        return events, refused.errors
    return events, []
