import asyncio
from contextlib import aclosing

import pytest
from sqlalchemy.pool import QueuePool

from services.events.event import EventsExpired
from services.events.feed import RING
from services.events.stored import BATCH
from tests.services.events.nodes import (
    DEADLINE_SECONDS,
    Node,
    RecordingHints,
    events,
    open_node,
    take,
    texts,
    until_followed,
)

TOPIC = "message:1"


@pytest.mark.asyncio
async def test_what_is_stored_comes_first_and_then_what_happens(node: Node) -> None:
    await node.publish(TOPIC, "a", "b")
    async with aclosing(node.log.follow(TOPIC, 0)) as followed:
        before = await take(followed, 2)
        await node.publish(TOPIC, "c")
        await node.publish(TOPIC, "d", "e")
        after = await take(followed, 3)
    assert texts([*before, *after]) == ["a", "b", "c", "d", "e"]
    first = before[0].seq
    assert [event.seq for event in (*before, *after)] == list(range(first, first + 5))
    assert before[0].type == "said"


@pytest.mark.asyncio
async def test_following_goes_on_from_any_event(node: Node) -> None:
    last = await node.publish(TOPIC, "a", "b", "c", "d")
    assert texts(await node.take(TOPIC, last - 2, 2)) == ["c", "d"]
    async with asyncio.TaskGroup() as group:
        follower = group.create_task(node.take(TOPIC, last, 1))
        await until_followed(node, TOPIC)
        await node.publish(TOPIC, "e")
    assert texts(follower.result()) == ["e"]


@pytest.mark.asyncio
async def test_a_topic_may_begin_after_its_follower(node: Node) -> None:
    assert await node.position(TOPIC) == 0
    async with asyncio.TaskGroup() as group:
        follower = group.create_task(node.take(TOPIC, 0, 3))
        await until_followed(node, TOPIC)
        await node.publish(TOPIC, "a", "b")
        await node.publish(TOPIC, "c")
    assert texts(follower.result()) == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_the_position_is_that_of_the_snapshot(node: Node) -> None:
    await node.publish(TOPIC, "a")
    before = await node.position(TOPIC)
    await node.publish(TOPIC, "b")
    assert texts(await node.take(TOPIC, before, 1)) == ["b"]
    assert await node.position(TOPIC) == before + 1


@pytest.mark.asyncio
async def test_concurrent_writers_make_one_sequence(node: Node) -> None:
    writers, rounds = 8, 25

    async def write(writer: int) -> None:
        for number in range(rounds):
            if number % 5 == 4:
                with pytest.raises(ZeroDivisionError):
                    await fail_after_publishing(node)
            await node.publish(TOPIC, f"{writer}:{number}", f"{writer}:{number}+")

    count = writers * rounds * 2
    async with asyncio.TaskGroup() as group:
        followers = [group.create_task(node.take(TOPIC, 0, count)) for _ in range(5)]
        await until_followed(node, TOPIC)
        for writer in range(writers):
            group.create_task(write(writer))
    taken = followers[0].result()
    assert [event.seq for event in taken] == list(range(taken[0].seq, taken[0].seq + count))
    assert all(follower.result() == taken for follower in followers)
    for writer in range(writers):
        expected = [f"{writer}:{number}{end}" for number in range(rounds) for end in ("", "+")]
        assert [text for text in texts(taken) if str(text).startswith(f"{writer}:")] == expected


async def fail_after_publishing(node: Node) -> None:
    async with node.sessions.write() as tx:
        await tx.publish(TOPIC, *events("never said"))
        raise ZeroDivisionError


@pytest.mark.asyncio
async def test_many_topics_are_followed_at_once(node: Node) -> None:
    topics = [f"message:{number}" for number in range(200)]
    async with asyncio.TaskGroup() as group:
        followers = {topic: group.create_task(node.take(topic, 0, 3)) for topic in topics}
        async with node.sessions.write() as tx:
            await tx.publish_many({topic: events(f"{topic} a", f"{topic} b") for topic in topics})
        for topic in topics:
            await node.publish(topic, f"{topic} c")
    for topic, follower in followers.items():
        assert texts(follower.result()) == [f"{topic} a", f"{topic} b", f"{topic} c"]


@pytest.mark.asyncio
async def test_an_undone_transaction_tells_nobody(database_url: str) -> None:
    hints = RecordingHints()
    async with open_node(database_url, hints) as node:
        await node.publish(TOPIC, "a")
        with pytest.raises(ZeroDivisionError):
            await fail_after_publishing(node)
        last = await node.publish(TOPIC, "b")
        assert texts(await node.take(TOPIC, 0, 2)) == ["a", "b"]
    assert [wakeups.topics for wakeups in hints.published] == [{TOPIC: last - 1}, {TOPIC: last}]


@pytest.mark.asyncio
async def test_a_slow_follower_gets_everything_and_little_is_kept_for_it(node: Node) -> None:
    rounds = 8
    count = rounds * BATCH // 2
    async with aclosing(node.log.follow(TOPIC, 0)) as slow, aclosing(node.log.follow(TOPIC, 0)) as fast:
        await node.publish(TOPIC, "0")
        seen = await take(slow, 1)
        await take(fast, 1)
        for number in range(rounds):
            await node.publish(TOPIC, *(str(1 + number * BATCH // 2 + index) for index in range(BATCH // 2)))
            await take(fast, BATCH // 2)
            assert len(node.log._feeds[TOPIC]._ring) <= RING
        assert node.log._feeds[TOPIC]._start > seen[0].seq
        seen += await take(slow, count)
        # Both are up to date now, and take the next ones from the same ring.
        await node.publish(TOPIC, "last")
        assert texts(await take(slow, 1)) == texts(await take(fast, 1)) == ["last"]
        assert len(node.log._feeds[TOPIC]._ring) == 1
    assert texts(seen) == [str(number) for number in range(count + 1)]


@pytest.mark.asyncio
async def test_a_follower_that_leaves_does_not_hold_up_the_others(node: Node) -> None:
    count = 60
    async with asyncio.TaskGroup() as group:
        staying = [group.create_task(node.take(TOPIC, 0, count)) for _ in range(5)]
        for number in range(count):
            leaving = [group.create_task(node.take(TOPIC, 0, count + 1)) for _ in range(5)]
            await node.publish(TOPIC, str(number))
            for _ in range(number % 7):  # so that they are cancelled at any point of their reading
                await asyncio.sleep(0)
            for follower in leaving:
                follower.cancel()
    assert all(texts(follower.result()) == [str(number) for number in range(count)] for follower in staying)
    assert node.log._feeds == {}


@pytest.mark.asyncio
async def test_the_last_follower_to_leave_frees_the_topic(node: Node) -> None:
    await node.publish(TOPIC, "a")
    first, second = node.log.follow(TOPIC, 0), node.log.follow(TOPIC, 0)
    await take(first, 1)
    await take(second, 1)
    await first.aclose()
    assert list(node.log._feeds) == [TOPIC]
    await second.aclose()
    assert node.log._feeds == {}


@pytest.mark.asyncio
async def test_a_position_that_never_was_is_refused(node: Node) -> None:
    with pytest.raises(EventsExpired):
        await node.take(TOPIC, 5, 1)
    last = await node.publish(TOPIC, "a", "b")
    for position in (1, last - 3, last + 1, 2**70, -1):
        assert not await node.log.holds(TOPIC, position)
        with pytest.raises(EventsExpired):
            await node.take(TOPIC, position, 1)
    assert node.log._feeds == {}
    assert [await node.log.holds(TOPIC, last - back) for back in (0, 1, 2)] == [True, True, True]
    assert not await node.log.holds("message:2", 0)


@pytest.mark.asyncio
async def test_no_connection_is_held_by_those_who_wait_or_are_slow(node: Node) -> None:
    await node.publish(TOPIC, "a", "b")
    followed = [node.log.follow(TOPIC, 0) for _ in range(50)]
    for follower in followed:
        await take(follower, 1)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(node.take("message:2", 0, 1)) for _ in range(50)]
        async with asyncio.timeout(DEADLINE_SECONDS):
            await node.publish("message:2", "c")
    assert all(texts(follower.result()) == ["c"] for follower in waiting)
    pool = node.engines.reading.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    for follower in followed:
        await follower.aclose()
