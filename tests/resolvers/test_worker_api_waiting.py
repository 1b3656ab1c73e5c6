"""Claims that wait: woken when a task comes, and at an end when the client, the time or the server goes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from sqlalchemy import select, text

from db.models.tables import VideoPart
from services.external_work import claims
from services.settings import Settings
from tests.conditions import until
from tests.external_workers import ADMIN_TOKEN, CLAIM, add_video, guarded, task_ids, task_of, worker
from tests.server import Server

pytestmark = pytest.mark.asyncio

ALONE = {"types": ["TRANSCRIPT"], "workerId": "ann", "waitSeconds": 60}


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with guarded(settings, execution_seconds=1) as server:
        yield server


async def until_waiting(server: Server, count: int = 1) -> None:
    """Until so many claims have looked, and wait."""
    bell = server.services.wakes.bell

    async def waits() -> bool:
        return bell.count == count

    await until(waits)


@pytest.fixture
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """What wakes a claim then is a hint."""
    monkeypatch.setattr(claims, "POLL_SECONDS", 3600)


async def test_nothing_came_in_time(server: Server) -> None:
    """Longer than other operations may take, too."""
    assert (await worker(server).claim_answer(wait=0))["__typename"] == "NoTask"
    assert (await worker(server).claim_answer(wait=2))["__typename"] == "NoTask"


@pytest.mark.usefixtures("no_polling")
async def test_a_claim_is_woken_by_a_task(server: Server) -> None:
    async with asyncio.TaskGroup() as group:
        claim = group.create_task(worker(server).claim(wait=60))
        await until_waiting(server)
        await add_video(server)
    held = claim.result()
    assert held is not None
    assert held.task["video"]["youtubeId"] == "dQw4w9WgXcQ"


@pytest.mark.usefixtures("no_polling")
async def test_of_many_that_wait_each_task_wakes_one(server: Server) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(worker(server, f"worker {one}").claim(wait=5)) for one in range(5)]
        await until_waiting(server, 5)
        for number in range(3):
            await add_video(server, f"video-{number:05}")
    found = [one.result() for one in waiting]
    assert len({held.task["id"] for held in found if held is not None}) == 3
    assert found.count(None) == 2


async def test_a_task_of_another_process_is_found(settings: Settings) -> None:
    async with guarded(settings) as here, guarded(settings) as there, asyncio.TaskGroup() as group:
        claim = group.create_task(worker(here).claim(wait=60))
        await until_waiting(here)
        await add_video(there)
    assert claim.result() is not None


async def test_waiting_holds_no_session(settings: Settings) -> None:
    async with guarded(settings, db_pool_size=2) as server, asyncio.TaskGroup() as group:
        waiting = [group.create_task(worker(server).claim(wait=60)) for _ in range(8)]
        await until_waiting(server, 8)
        for number in range(8):
            await add_video(server, f"video-{number:05}")
    assert all(one.result() is not None for one in waiting)


@pytest.mark.usefixtures("no_polling")
async def test_shutdown_ends_the_wait_with_an_answer(settings: Settings) -> None:
    # Patient as it is, the server would wait so long for an answer that does not come.
    async with asyncio.TaskGroup() as group, guarded(settings, shutdown_seconds=50) as server:
        claim = group.create_task(worker(server).claim_answer(wait=60))
        await until_waiting(server)
    assert claim.result()["__typename"] == "NoTask"


class Caller:
    """Sends a claim over a connection of its own, and reads no answer."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    async def claims(cls, server: Server) -> "Caller":
        url = urlsplit(server.url)
        _, writer = await asyncio.open_connection(url.hostname, url.port)
        body = json.dumps({"query": CLAIM, "variables": {"input": ALONE}})
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
        )
        writer.write((head + body).encode())
        await writer.drain()
        return cls(writer)

    async def leave(self) -> None:
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()


@pytest.mark.usefixtures("no_polling")
async def test_who_goes_away_waits_no_longer_and_gets_nothing(server: Server) -> None:
    caller = await Caller.claims(server)
    await until_waiting(server)
    await caller.leave()
    await until_waiting(server, 0)
    await add_video(server)
    (task_id,) = await task_ids(server, "fetch_transcript")
    task = await task_of(server, task_id)
    assert (task["status"], task["attempt"], task["worker"]) == ("PENDING", 0, None)


@asynccontextmanager
async def tasks_locked(server: Server) -> AsyncGenerator[None]:
    """While the block runs, nobody can claim."""
    async with server.services.database.write() as tx:
        if tx.dialect == "postgresql":
            await tx.execute(text("LOCK TABLE tasks IN EXCLUSIVE MODE"))
        yield


async def test_a_task_whose_taker_goes_away_at_that_moment_is_there_for_the_next(server: Server) -> None:
    video_id = await add_video(server)
    async with tasks_locked(server):
        caller = await Caller.claims(server)
        # It asks for the task by now, and does not get it yet.
        await until_waiting(server)
        await caller.leave()
        for _ in range(2):
            await server.nobody.execute("{ server { version } }")
    await until_waiting(server, 0)
    (task_id,) = await task_ids(server, "fetch_transcript")
    task = await task_of(server, task_id)
    assert (task["status"], task["attempt"], task["worker"]) == ("PENDING", 0, None)
    states = select(VideoPart.state, VideoPart.attempts).where(VideoPart.video_id == video_id)
    async with server.services.database.read() as reader:
        assert {tuple(row) for row in await reader.all(states)} == {("PENDING", 0)}
    assert (await worker(server).hold()).task["attempt"] == 1


async def test_on_a_socket_a_claim_ends_with_it(server: Server) -> None:
    client = worker(server).client
    async with client.socket() as socket:
        payload = {"query": CLAIM, "variables": {"input": ALONE}}
        await socket.send({"id": "1", "type": "subscribe", "payload": payload})
        await until_waiting(server)
        await socket.send({"id": "1", "type": "complete"})
        await until_waiting(server, 0)
        await socket.send({"id": "2", "type": "subscribe", "payload": payload})
        await until_waiting(server)
    await until_waiting(server, 0)


async def test_with_others_the_usual_deadline_holds(server: Server) -> None:
    document = """mutation Both($input: TaskClaimInput!, $beat: TaskHeartbeatInput!) {
      taskHeartbeat(input: $beat) { __typename } taskClaim(input: $input) { __typename }
    }"""
    beat = {"id": "VGFzazox", "leaseToken": "x"}
    answer = await worker(server).client.execute(document, input=ALONE, beat=beat)
    assert answer.code == "TIMEOUT"
    # Nothing is waiting any more for a task to come.
    await until_waiting(server, 0)
