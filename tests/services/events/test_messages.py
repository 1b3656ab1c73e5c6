import json

import pytest

from db.outbox import Wakeups
from services.events.messages import MOST_BYTES, Messages
from services.events.pending import MOST_TOPICS, Pending


def merged(messages: list[str], reader: Messages) -> Wakeups:
    together = Wakeups()
    for message in messages:
        part = reader.decode(message)
        assert part
        assert not together.topics.keys() & part.topics.keys()
        together.topics |= part.topics
        together.lanes |= part.lanes
    return together


@pytest.mark.parametrize("count", [1, 100, 5_000])
def test_many_topics_are_split_and_come_out_whole(count: int) -> None:
    wakeups = Wakeups(
        topics={f"message:{number}": 10**15 + number for number in range(count)}, lanes={"replies", "videos"}
    )
    messages = list(Messages().encode(wakeups))
    assert all(len(message.encode()) <= MOST_BYTES for message in messages)
    assert len(messages) == pytest.approx(sum(map(len, messages)) / MOST_BYTES, abs=1)
    assert merged(messages, Messages()) == wakeups


def test_any_name_can_be_sent_unless_it_is_too_long() -> None:
    names = ['"quoted"\\', "naïve 😀", "nul\x00", "x" * (MOST_BYTES - 100), "ü" * 1_300]
    wakeups = Wakeups(topics=dict.fromkeys(names, 1))
    too_long = Wakeups(topics=wakeups.topics | {"x" * MOST_BYTES: 1, "ü" * 1_400: 1}, lanes={"y" * MOST_BYTES})
    messages = list(Messages().encode(too_long))
    assert all(len(message.encode()) <= MOST_BYTES for message in messages)
    parsed = [json.loads(message)["topics"] for message in messages]
    assert {name for topics in parsed for name in topics} == set(names)


def test_nothing_makes_no_message() -> None:
    assert list(Messages().encode(Wakeups())) == []


def test_a_process_does_not_hear_itself() -> None:
    messages = Messages()
    [message] = messages.encode(Wakeups(lanes={"replies"}))
    assert messages.decode(message) is None
    assert Messages().decode(message.encode()) == Wakeups(lanes={"replies"})


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "null", '{"origin": 1}', '{"origin": "a", "topics": {"b": "1"}, "lanes": []}', b"\xff"]
)
def test_a_stranger_s_message_is_passed_over(text: str | bytes) -> None:
    assert Messages().decode(text) is None


@pytest.mark.asyncio
async def test_what_waits_is_merged_and_taken_once() -> None:
    pending = Pending()
    pending.add(Wakeups(topics={"a": 2, "b": 1}, lanes={"x"}))
    pending.add(Wakeups(topics={"a": 1, "b": 3}, lanes={"y"}))
    assert await pending.take(10) == Wakeups(topics={"a": 2, "b": 3}, lanes={"x", "y"})
    assert await pending.take(0.001) == Wakeups()
    pending.interrupt()
    assert await pending.take(10) == Wakeups()


@pytest.mark.asyncio
async def test_what_waits_is_bounded() -> None:
    pending = Pending()
    for number in range(3 * MOST_TOPICS):
        pending.add(Wakeups(topics={f"message:{number}": 1}))
    assert len((await pending.take(10)).topics) <= MOST_TOPICS + 1
