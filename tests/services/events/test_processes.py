import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio
from sqlalchemy import text

from db.outbox import NewTask
from services.events.postgres import PostgresHints
from tests.conditions import until
from tests.servers.valkey import valkey
from tests.services.events import writer
from tests.services.events.nodes import Node, open_node, texts, until_followed
from tests.services.events.writer import hints_of

TOPIC = "message:1"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture(params=["postgres", "valkey"])
def hints_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """What carries hints between processes: on Postgres the database itself, and for both engines a Valkey."""
    if request.param == "valkey":
        found: str = request.getfixturevalue("valkey_url")
        return found
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite carries no hints")
    return database_url


@asynccontextmanager
async def open_pair(url: str, hints_url: str) -> AsyncGenerator[tuple[Node, Node]]:
    """Two processes that listen to each other, and have nothing else to learn from each other by."""
    async with open_node(url, hints_of(hints_url)) as here, open_node(url, hints_of(hints_url)) as there:
        await until_heard(here, there)
        await until_heard(there, here)
        yield here, there


async def until_heard(speaker: Node, listener: Node) -> None:
    """Until a hint from one gets through to the other."""
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(listener.take("greeting", await speaker.position("greeting"), 1))
        await until_followed(listener, "greeting")

        async def is_heard() -> bool:
            await speaker.publish("greeting", "hello")
            return waiting.done()

        await until(is_heard)


@pytest.mark.asyncio
async def test_another_process_is_seen_by_the_poll_alone(database_url: str) -> None:
    async with open_node(database_url, poll_seconds=0.05) as here, open_node(database_url) as there:
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(here.take(TOPIC, 0, 60))
            for number in range(20):
                await there.publish(TOPIC, f"{number}a", f"{number}b", f"{number}c")
        assert texts(follower.result()) == [f"{number}{letter}" for number in range(20) for letter in "abc"]


@pytest.mark.asyncio
async def test_hints_bring_events_of_another_process(database_url: str, hints_url: str) -> None:
    count = 300
    async with open_pair(database_url, hints_url) as (here, there), asyncio.TaskGroup() as group:
        followers = [group.create_task(here.take(TOPIC, 0, count)) for _ in range(3)]
        followers.append(group.create_task(there.take(TOPIC, 0, count)))
        for number in range(0, count, 2):
            await there.publish(TOPIC, str(number))
            await here.publish(TOPIC, str(number + 1))
    assert all(texts(follower.result()) == [str(number) for number in range(count)] for follower in followers)


@pytest.mark.asyncio
async def test_lanes_are_heard_once_by_every_process(database_url: str, hints_url: str) -> None:
    heard_here: list[set[str]] = []
    heard_there: list[set[str]] = []
    async with (
        open_node(database_url, hints_of(hints_url), lanes=heard_here) as here,
        open_node(database_url, hints_of(hints_url), lanes=heard_there) as there,
    ):
        await until_heard(here, there)
        async with here.sessions.write() as tx:
            await tx.enqueue(NewTask(kind="reply", lane="replies", key="1"))

        async def is_heard() -> bool:
            return bool(heard_there)

        await until(is_heard)
        await until_heard(there, here)
    assert heard_here == heard_there == [{"replies"}]


async def cut(here: Node, hints_url: str) -> int:
    """End all connections that hints travel on; answers how many there were."""
    if hints_url.startswith("redis"):
        async with redis.asyncio.from_url(hints_url) as client:  # pyright: ignore[reportUnknownMemberType]
            killed: int = await client.client_kill_filter(_type="pubsub")  # pyright: ignore[reportUnknownMemberType]
            return killed
    sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'vidwiz hints'"
    async with here.engines.reading.connect() as connection:
        return int((await connection.execute(text(sql))).scalar_one())


@pytest.mark.asyncio
async def test_nothing_is_lost_while_the_connections_of_the_hints_die(database_url: str, hints_url: str) -> None:
    count, cuts = 400, 0
    # No poll to help: what the lost hints would have told is found by the look that follows each reconnection.
    async with open_pair(database_url, hints_url) as (here, there), asyncio.TaskGroup() as group:
        follower = group.create_task(here.take(TOPIC, 0, count))
        for number in range(count):
            await there.publish(TOPIC, str(number))
            if number % 50 == 25:
                cuts += await cut(here, hints_url)
    assert texts(follower.result()) == [str(number) for number in range(count)]
    assert cuts >= 8


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_following_survives_the_loss_of_every_connection(database_url: str) -> None:
    """The database ends all sessions, as when it restarts; only the writer asks again by itself."""
    count = 200
    sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    async with (
        open_node(database_url, PostgresHints(database_url), poll_seconds=0.05) as here,
        open_node(database_url) as there,
        asyncio.TaskGroup() as group,
    ):
        follower = group.create_task(here.take(TOPIC, 0, count))
        for number in range(count):
            await there.publish(TOPIC, str(number))
            if number % 20 == 10:
                async with there.engines.reading.connect() as connection:
                    await connection.execute(text(sql))
    assert texts(follower.result()) == [str(number) for number in range(count)]


@asynccontextmanager
async def writing_process(*arguments: str) -> AsyncGenerator[None]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", writer.__name__, *arguments, cwd=ROOT)
    try:
        yield
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.asyncio
async def test_a_true_process_is_seen_by_the_poll(database_url: str) -> None:
    await follow_a_process(database_url, None, poll_seconds=0.1)


@pytest.mark.asyncio
async def test_a_true_process_is_heard(database_url: str, hints_url: str) -> None:
    # The writer ends with its last hint unsent, perhaps; a poll is what that is for.
    await follow_a_process(database_url, hints_url, poll_seconds=1)


async def follow_a_process(database_url: str, hints_url: str | None, *, poll_seconds: float) -> None:
    count = 500
    async with (
        open_node(database_url, hints_of(hints_url), poll_seconds=poll_seconds) as here,
        asyncio.TaskGroup() as group,
    ):
        followers = [group.create_task(here.take(TOPIC, 0, count)) for _ in range(3)]
        async with writing_process(database_url, TOPIC, str(count), *([hints_url] if hints_url else [])):
            await here.take(TOPIC, 0, 1)
    expected = [str(number) for number in range(count)]
    assert [texts(follower.result()) for follower in followers] == [expected] * 3
