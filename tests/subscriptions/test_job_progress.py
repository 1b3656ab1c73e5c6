"""`jobProgress`: a job watched until it has ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
import pytest_asyncio
from sqlalchemy import update

from db import clock
from db.models.tables import Event
from services.events.purge import purge
from services.jobs import states
from services.jobs.states import JobStatus
from services.settings import Settings
from services.tasks.model import TaskError
from tests.client import Client, Json, StreamRefused
from tests.jobs import FOLLOW, SECONDS, cancel, export, follow
from tests.resolvers.stored import row_id
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

BROKEN = TaskError(code="STORAGE_UNAVAILABLE", message="It is away.", retryable=False)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    """Without a worker: the tests write what one would."""
    async with serving(settings, work=False) as server:
        yield server


async def advance(server: Server, job: str, progress: float) -> None:
    async with server.services.database.write() as tx:
        assert await states.advance(tx, row_id(job), "reading", progress)


async def finish(server: Server, job: str, status: JobStatus, error: TaskError | None = None) -> None:
    async with server.services.database.write() as tx:
        assert await states.end(tx, row_id(job), status, error)


def told(events: list[Json]) -> list[tuple[str, str, float]]:
    return [
        (event["__typename"].removeprefix("Job"), event["job"]["status"], event["job"]["progress"]) for event in events
    ]


async def test_from_the_beginning_to_the_end(server: Server) -> None:
    user = await server.user()
    job = (await export(user))["id"]
    events: list[Json] = []
    async with (
        asyncio.timeout(SECONDS),
        user.socket() as socket,
        aclosing(socket.subscribe(FOLLOW, id=job)) as stream,
    ):
        events.append(await anext(stream))
        for progress in (0.25, 0.5):
            await advance(server, job, progress)
            events.append(await anext(stream))
        await finish(server, job, JobStatus.SUCCEEDED)
        events += [event async for event in stream]
    assert told(events) == [
        ("Snapshot", "QUEUED", 0.0),
        ("Update", "RUNNING", 0.25),
        ("Update", "RUNNING", 0.5),
        ("Finished", "SUCCEEDED", 1.0),
    ]
    positions = [int(event["position"]) for event in events]
    assert positions == sorted(set(positions))
    # From each position on comes the rest, and after the end nothing.
    assert told(await follow(user, job, after=events[1]["position"])) == told(events)[3:]
    assert await follow(user, job, after=events[3]["position"]) == []
    snapshot, finished = await follow(user, job)
    assert told([snapshot, finished]) == [("Snapshot", "SUCCEEDED", 1.0), ("Finished", "SUCCEEDED", 1.0)]
    assert told(await follow(user, job, after=snapshot["position"])) == [("Finished", "SUCCEEDED", 1.0)]


@pytest.mark.parametrize(
    ("status", "error"),
    [(JobStatus.FAILED, BROKEN), (JobStatus.TIMED_OUT, states.TIMEOUT), (JobStatus.CANCELLED, None)],
)
async def test_however_it_ends(server: Server, status: JobStatus, error: TaskError | None) -> None:
    user = await server.user()
    job = (await export(user))["id"]
    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow(user, job))
        if status is JobStatus.CANCELLED:
            await cancel(user, job)
        else:
            await finish(server, job, status, error)
    last = following.result()[-1]
    assert (last["__typename"], last["job"]["status"]) == ("JobFinished", status)
    assert last["job"]["error"] == (error and {"code": error.code, "message": error.message})
    kinds = [event["__typename"] for event in following.result()]
    assert kinds.count("JobFinished") == 1


@pytest.mark.parametrize("after", ["0", "nonsense", "-1", "9" * 30, "9223372036854775807"])
async def test_an_unknown_position_gets_a_snapshot(server: Server, after: str) -> None:
    user = await server.user()
    job = (await export(user))["id"]
    assert told(await follow(user, job, after=after, most=1)) == [("Snapshot", "QUEUED", 0.0)]


async def test_a_position_that_is_kept_no_longer_gets_a_snapshot(server: Server) -> None:
    user = await server.user()
    job = (await export(user))["id"]
    (first,) = await follow(user, job, most=1)
    await advance(server, job, 0.5)
    async with server.services.database.write() as tx:
        await tx.execute(update(Event).values(created_at=clock.seconds_from_now(-3600)))
    await purge(server.services.database, 60)
    assert told(await follow(user, job, after=first["position"], most=1)) == [("Snapshot", "RUNNING", 0.5)]


async def test_through_another_server(settings: Settings, server: Server) -> None:
    user = await server.user()
    job = (await export(user))["id"]
    async with serving(settings, work=False) as other:
        elsewhere = Client(url=other.url, token=user.token)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(follow(elsewhere, job))
            await advance(server, job, 0.5)
            await finish(server, job, JobStatus.SUCCEEDED)
    events = told(following.result())
    assert events[-1] == ("Finished", "SUCCEEDED", 1.0)
    assert [progress for _, _, progress in events] == sorted(progress for _, _, progress in events)


async def test_a_strangers_job_is_not_found(server: Server) -> None:
    job = (await export(await server.user()))["id"]
    for stranger, code in ((await server.user(), "NOT_FOUND"), (server.guest(), "UNAUTHENTICATED")):
        with pytest.raises(StreamRefused) as refused:
            await follow(stranger, job)
        assert refused.value.code == code
