import asyncio
from contextlib import aclosing

import pytest
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import Event, EventTopic
from services.events.event import EventsExpired
from services.events.purge import ROWS_AT_ONCE, purge
from tests.services.events.nodes import Node, events, open_node, take, texts

TOPIC = "message:1"
KEEP_SECONDS = 600.0


async def age(node: Node, topic: str, through: int) -> None:
    """As if what happened up to that number had happened an hour earlier."""
    past = clock.seconds_from_now(-3600)
    async with node.sessions.write() as tx:
        await tx.execute(update(Event).where(Event.topic == topic, Event.seq <= through).values(created_at=past))


async def age_topics(node: Node) -> None:
    async with node.sessions.write() as tx:
        await tx.execute(update(EventTopic).values(updated_at=clock.seconds_from_now(-3600)))


async def forget(node: Node, topic: str) -> None:
    """As if nothing had happened on the topic for very long."""
    await age(node, topic, await node.position(topic))
    await purge(node.sessions, KEEP_SECONDS)
    await age_topics(node)
    await purge(node.sessions, KEEP_SECONDS)


async def stored(node: Node) -> dict[str, int]:
    """How many events there are of each topic."""
    statement = select(EventTopic.topic, func.count(Event.seq)).outerjoin(Event, Event.topic == EventTopic.topic)
    async with node.sessions.read() as reader:
        return {row[0]: row[1] for row in await reader.all(statement.group_by(EventTopic.topic))}


@pytest.mark.asyncio
async def test_what_is_old_goes_and_the_rest_stays(node: Node) -> None:
    last = await node.publish(TOPIC, "a", "b", "c", "d")
    await node.publish("message:2", "e")
    await age(node, TOPIC, last - 1)
    await purge(node.sessions, KEEP_SECONDS)
    assert await stored(node) == {TOPIC: 1, "message:2": 1}
    assert [await node.log.holds(TOPIC, last - back) for back in range(4)] == [True, True, False, False]
    assert texts(await node.take(TOPIC, 0, 1)) == texts(await node.take(TOPIC, last - 1, 1)) == ["d"]
    with pytest.raises(EventsExpired):
        await node.take(TOPIC, last - 2, 1)


@pytest.mark.asyncio
async def test_a_topic_whose_events_are_gone_counts_on(node: Node) -> None:
    last = await node.publish(TOPIC, "a", "b")
    await age(node, TOPIC, last)
    await purge(node.sessions, KEEP_SECONDS)
    assert await stored(node) == {TOPIC: 0}
    assert await node.position(TOPIC) == last
    assert [await node.log.holds(TOPIC, last - back) for back in range(2)] == [True, False]
    with pytest.raises(EventsExpired):
        await node.take(TOPIC, last - 1, 1)
    async with asyncio.TaskGroup() as group:
        followers = [group.create_task(node.take(TOPIC, after, 1)) for after in (0, last)]
        await asyncio.sleep(0)
        assert await node.publish(TOPIC, "c") == last + 1
    assert [texts(follower.result()) for follower in followers] == [["c"], ["c"]]


@pytest.mark.asyncio
async def test_a_topic_forgotten_and_begun_anew_reuses_no_number(node: Node) -> None:
    last = await node.publish(TOPIC, "a", "b")
    await forget(node, TOPIC)
    assert await stored(node) == {}
    assert await node.position(TOPIC) == 0
    assert not await node.log.holds(TOPIC, last)
    assert not await node.log.holds(TOPIC, 0)
    first = await node.publish(TOPIC, "c")
    assert first > last + 1
    assert not await node.log.holds(TOPIC, last)
    with pytest.raises(EventsExpired):
        await node.take(TOPIC, last, 1)
    assert texts(await node.take(TOPIC, 0, 1)) == ["c"]


@pytest.mark.asyncio
async def test_a_follower_lives_through_its_topic_being_forgotten(node: Node) -> None:
    last = await node.publish(TOPIC, "a")
    async with aclosing(node.log.follow(TOPIC, last - 1)) as quick, aclosing(node.log.follow(TOPIC, last - 1)) as slow:
        await take(quick, 1)
        await take(slow, 1)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(take(quick, 1))
            await forget(node, TOPIC)
            await node.log._look()
            await node.publish(TOPIC, "b")
        # The other one takes nothing until more has happened than is kept for it.
        for _ in range(2):
            await node.publish(TOPIC, *map(str, range(400)))
            await take(quick, 400)
        assert texts(await take(slow, 801)) == ["b", *[*map(str, range(400))] * 2]
    assert texts(waiting.result()) == ["b"]


@pytest.mark.asyncio
async def test_a_follower_too_far_behind_is_told(node: Node) -> None:
    await node.publish(TOPIC, "a")
    async with aclosing(node.log.follow(TOPIC, 0)) as slow, aclosing(node.log.follow(TOPIC, 0)) as fast:
        await take(slow, 1)
        await take(fast, 1)
        for _ in range(2):
            await node.publish(TOPIC, *map(str, range(400)))
            await take(fast, 400)
        await age(node, TOPIC, await node.position(TOPIC) - 10)
        await purge(node.sessions, KEEP_SECONDS)
        with pytest.raises(EventsExpired):
            await take(slow, 1)
        await node.publish(TOPIC, "b")
        assert texts(await take(fast, 1)) == ["b"]


@pytest.mark.asyncio
@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_process_that_slept_too_long_knows_that_it_may_have_missed_something(
    database_url: str, *, forgotten: bool
) -> None:
    async with open_node(database_url) as awake, open_node(database_url, keep_seconds=0) as asleep:
        last = await awake.publish(TOPIC, "a")
        async with aclosing(asleep.log.follow(TOPIC, last - 1)) as followed:
            await take(followed, 1)
            await awake.publish(TOPIC, "b")
            await asleep.publish(TOPIC, "c")
            assert texts(await take(followed, 2)) == ["b", "c"]
            last = await awake.publish(TOPIC, "d", "e")
            await age(awake, TOPIC, last - 1)
            if forgotten:
                await forget(awake, TOPIC)
            else:
                await purge(awake.sessions, KEEP_SECONDS)
            await asleep.log._look()
            with pytest.raises(EventsExpired):
                await take(followed, 1)
        async with aclosing(asleep.log.follow(TOPIC, 0)) as followed:
            await asleep.publish(TOPIC, "f")
            assert texts(await take(followed, 1)) == (["f"] if forgotten else ["e"])


@pytest.mark.asyncio
async def test_much_is_purged_in_several_goes(node: Node) -> None:
    async with node.sessions.write() as tx:
        await tx.publish(TOPIC, *events(*map(str, range(ROWS_AT_ONCE + 10))))
        await tx.publish_many({f"topic:{number}": events("a") for number in range(ROWS_AT_ONCE + 10)})
    assert len(await stored(node)) == ROWS_AT_ONCE + 11
    await purge(node.sessions, -1)
    assert await stored(node) == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_purging_does_not_wait_for_a_writer(node: Node) -> None:
    await node.publish(TOPIC, "a")
    await node.publish("message:2", "b")
    async with node.sessions.write() as tx:
        await tx.publish(TOPIC, *events("c"))
        async with asyncio.timeout(30):
            await purge(node.sessions, -1)
        assert await stored(node) == {TOPIC: 1}
    assert texts(await node.take(TOPIC, 0, 2)) == ["a", "c"]
    await purge(node.sessions, -1)
    assert (await stored(node)).get(TOPIC, 0) == 0
