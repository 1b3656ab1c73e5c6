"""The buffer between the models and the event log: nothing is lost, nothing comes from whoever lost the lease."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from sqlalchemy import text, update

from db import clock
from db.engine import Engines
from db.models.tables import Task
from db.outbox import NewTask
from db.queries import events as event_queries
from db.sessions import Sessions
from services.supervision import supervised
from services.tasks.model import ClaimedTask, Handling, LeaseLost
from services.tasks.queue import TaskQueue
from services.wiz.delta_buffer import DeltaBuffer, DeltaStream
from services.wiz.reply_log import Progress
from tests.conditions import until
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

LANE = "replies"
KIND = "reply"
NEVER_SECONDS = 3600.0


async def nothing(task: ClaimedTask) -> None:
    del task


HANDLERS = {KIND: Handling(handle=nothing)}


@pytest_asyncio.fixture
async def queue(sessions: Sessions) -> TaskQueue:
    return TaskQueue(sessions, {LANE: 60})


class Desk:
    """A buffer that runs, and replies to write through it."""

    def __init__(self, sessions: Sessions, queue: TaskQueue, *, gather_seconds: float, look_seconds: float) -> None:
        self.sessions = sessions
        self.queue = queue
        self.buffer = DeltaBuffer(sessions, queue, gather_seconds=gather_seconds, look_seconds=look_seconds)

    async def open(self, name: str) -> DeltaStream:
        async with self.sessions.write() as tx:
            await tx.enqueue(NewTask(kind=KIND, lane=LANE, key=name))
        return self.buffer.open(await self.claim(), name)

    async def claim(self) -> ClaimedTask:
        task = await self.queue.claim(LANE, "tester", HANDLERS)
        assert task is not None
        return task

    async def take_over(self, stream: DeltaStream) -> ClaimedTask:
        """As another worker does when the lease has run out."""
        async with self.sessions.write() as tx:
            late = update(Task).where(Task.id == stream.task.id).values(run_at=clock.seconds_from_now(-1))
            await tx.execute(late)
        return await self.claim()

    async def deltas(self, name: str) -> list[str]:
        async with self.sessions.read() as reader:
            rows = await reader.all(event_queries.of_topic(name))
        assert {kind for kind, _ in rows} <= {Progress.DELTA}
        return [str(data["text"]) for _, data in rows]


@asynccontextmanager
async def desk(
    sessions: Sessions, queue: TaskQueue, *, gather_seconds: float = 0.01, look_seconds: float = NEVER_SECONDS
) -> AsyncGenerator[Desk]:
    made = Desk(sessions, queue, gather_seconds=gather_seconds, look_seconds=look_seconds)
    async with asyncio.timeout(20), supervised(made.buffer.run()):
        yield made


async def test_many_replies_share_the_statements_and_keep_their_order(
    sessions: Sessions, queue: TaskQueue, engines: Engines
) -> None:
    async with desk(sessions, queue, gather_seconds=NEVER_SECONDS) as made:
        streams = [await made.open(f"reply:{number}") for number in range(8)]
        streams[0].append("first ")
        await streams[0].drain()  # what now comes waits until somebody is in a hurry
        async with count_statements(engines) as statements:
            for number in range(100):
                for index, stream in enumerate(streams):
                    stream.append(f"{index}.{number} ")
            await asyncio.gather(*(stream.drain() for stream in streams))
        assert len(statements) == 3, "who holds what, the numbers, and the events"
        for index, stream in enumerate(streams):
            said = "".join(f"{index}.{number} " for number in range(100))
            assert await made.deltas(stream.topic) == (["first ", said] if index == 0 else [said])
            assert stream.text == "".join(await made.deltas(stream.topic))


async def test_pieces_leave_by_themselves_and_those_of_a_moment_together(sessions: Sessions, queue: TaskQueue) -> None:
    async with desk(sessions, queue) as made:
        stream = await made.open("reply:1")
        for number in range(300):
            stream.append(f"{number} ")
            if number % 3 == 0:
                await asyncio.sleep(0)

        async def have_all_left() -> bool:
            return "".join(await made.deltas("reply:1")) == stream.text

        await until(have_all_left)
        assert len(await made.deltas("reply:1")) < 100
        await stream.drain()  # there is nothing to wait for


async def test_whoever_lost_the_lease_appends_nothing_more(sessions: Sessions, queue: TaskQueue) -> None:
    async with desk(sessions, queue) as made:
        zombie, other = await made.open("reply:1"), await made.open("reply:2")
        zombie.append("mine")
        await zombie.drain()
        heir = made.buffer.open(await made.take_over(zombie), "reply:1")
        zombie.append(" still?")
        other.append("Undisturbed.")
        heir.append(", ours")
        with pytest.raises(LeaseLost):
            await zombie.drain()
        assert zombie.halted.is_set()
        zombie.append(" really?")
        with pytest.raises(LeaseLost):
            await zombie.drain()
        await asyncio.gather(other.drain(), heir.drain())
        assert [stream.halted.is_set() for stream in (other, heir)] == [False, False]
        assert await made.deltas("reply:1") == ["mine", ", ours"]
        assert await made.deltas("reply:2") == ["Undisturbed."]


async def test_who_says_nothing_hears_of_a_stop_and_of_a_lost_lease(sessions: Sessions, queue: TaskQueue) -> None:
    async with desk(sessions, queue, look_seconds=0.02) as made:
        silent, lost, kept = [await made.open(f"reply:{number}") for number in range(3)]
        async with sessions.write() as tx:
            await queue.request_cancel(tx, KIND, silent.task.key)
        await silent.halted.wait()
        assert silent.task.cancelled.is_set()
        assert silent.error is None
        await made.take_over(lost)
        await lost.halted.wait()
        assert isinstance(lost.error, LeaseLost)
        assert not kept.halted.is_set()
        # What is said before the writer takes notice is kept, since it is still the writer.
        silent.append("One more word.")
        await silent.drain()
        assert await made.deltas("reply:0") == ["One more word."]


async def test_a_reply_that_is_cut_short_takes_no_other_with_it(sessions: Sessions, queue: TaskQueue) -> None:
    """A writer that is cancelled while it waits for its own pieces must not undo those of the others."""
    async with desk(sessions, queue) as made:
        cut, other = await made.open("reply:1"), await made.open("reply:2")
        for number in range(20):
            cut.append("x")
            other.append(f"{number} ")
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(cut.drain())
                for _ in range(number % 5):
                    await asyncio.sleep(0)
                waiting.cancel()
        made.buffer.close(cut)
        await other.drain()
        assert "".join(await made.deltas("reply:2")) == other.text


async def test_pieces_that_come_while_others_are_appended(sessions: Sessions, queue: TaskQueue) -> None:
    """A drain covers those, too."""
    async with desk(sessions, queue) as made:
        stream = await made.open("reply:1")
        for number in range(30):
            stream.append(f"{number} ")
            async with asyncio.TaskGroup() as group:
                draining = group.create_task(stream.drain())
                while not draining.done():
                    await asyncio.sleep(0)
                    if len(stream.text) < 20 * number:
                        stream.append(".")
            assert "".join(await made.deltas("reply:1")) == stream.text


async def rename(engines: Engines, table: str, name: str) -> None:
    async with engines.writing.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_what_could_not_be_appended_ends_those_it_belonged_to(
    sessions: Sessions, queue: TaskQueue, engines: Engines
) -> None:
    """A gap in the text would be worse; and the buffer lives on for the others."""
    async with desk(sessions, queue) as made:
        speaking, silent = await made.open("reply:1"), await made.open("reply:2")
        await rename(engines, "events", "gone")
        speaking.append("Lost.")
        with pytest.raises(Exception, match="events"):
            await speaking.drain()
        await rename(engines, "gone", "events")
        speaking.append("After the gap.")
        silent.append("Heard.")
        await silent.drain()
        assert speaking.halted.is_set()
        assert await made.deltas("reply:1") == []
        assert await made.deltas("reply:2") == ["Heard."]
