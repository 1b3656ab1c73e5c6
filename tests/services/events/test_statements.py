import asyncio
from contextlib import aclosing

import pytest

from tests.conditions import until
from tests.services.events.nodes import Node, open_node, take, texts, until_followed
from tests.statements import count_statements

TOPIC = "message:1"


@pytest.mark.asyncio
async def test_one_event_costs_one_read_for_all_followers(node: Node) -> None:
    last = await node.publish(TOPIC, "a")
    followed = [node.log.follow(TOPIC, last - 1) for _ in range(50)]
    for follower in followed:
        await take(follower, 1)
    async with asyncio.TaskGroup() as group, count_statements(node.engines) as statements:
        waiting = [group.create_task(take(follower, 1)) for follower in followed]
        await node.publish(TOPIC, "b")
        async with asyncio.timeout(30):
            await asyncio.wait(waiting)
    assert all(texts(task.result()) == ["b"] for task in waiting)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1
    for follower in followed:
        await follower.aclose()


@pytest.mark.asyncio
async def test_joining_together_costs_one_read(node: Node) -> None:
    last = await node.publish(TOPIC, "a")
    async with count_statements(node.engines) as statements, asyncio.TaskGroup() as group:
        waiting = [group.create_task(node.take(TOPIC, last, 1)) for _ in range(50)]
        await until_followed(node, TOPIC)
        assert len(statements) == 1
        for task in waiting:
            task.cancel()


@pytest.mark.asyncio
async def test_a_poll_is_one_statement_for_all_topics(database_url: str) -> None:
    async with open_node(database_url) as node:
        followed = [node.log.follow(f"message:{number}", 0) for number in range(20)]
        for number, follower in enumerate(followed):
            await node.publish(f"message:{number}", "a")
            await take(follower, 1)
        async with count_statements(node.engines) as statements:
            await node.log._look()
        assert len(statements) == 1
        for follower in followed:
            await follower.aclose()
        async with count_statements(node.engines) as statements:
            await node.log._look()
        assert statements == []


@pytest.mark.asyncio
async def test_a_hint_with_nothing_behind_it_is_followed_once(node: Node) -> None:
    last = await node.publish(TOPIC, "a")
    async with aclosing(node.log.follow(TOPIC, last - 1)) as followed:
        await take(followed, 1)
        async with asyncio.TaskGroup() as group, count_statements(node.engines) as statements:
            waiting = group.create_task(take(followed, 1))
            node.log._feeds[TOPIC].heard(last + 7)

            async def has_looked() -> bool:
                return len(statements) > 0 and not node.log._feeds[TOPIC]._is_reading

            await until(has_looked)
            await node.publish(TOPIC, "b")
            await asyncio.wait([waiting])
        assert texts(waiting.result()) == ["b"]
        assert len([statement for statement in statements if statement.startswith("SELECT")]) == 2
