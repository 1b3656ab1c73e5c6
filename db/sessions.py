"""The only way to the database: short reads, and one transaction an operation. Nobody else commits."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar, TypeVarTuple

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TypedReturnsRows

from db.engine import DialectName, Engines
from db.outbox import NewEvent, NewTask, Wakeups
from db.queries import events as event_queries
from db.queries import tasks as task_queries

T = TypeVar("T")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


class Reader:
    """Runs statements that return rows."""

    def __init__(self, connection: AsyncConnection, dialect: DialectName) -> None:
        self._connection = connection
        self.dialect: DialectName = dialect

    async def all(self, statement: TypedReturnsRows[*Ts]) -> Sequence[Row[*Ts]]:
        return (await self._connection.execute(statement)).all()

    async def first(self, statement: TypedReturnsRows[*Ts]) -> Row[*Ts] | None:
        return (await self._connection.execute(statement)).first()

    async def scalar(self, statement: TypedReturnsRows[T]) -> T | None:
        return await self._connection.scalar(statement)

    async def rows(self, make: Callable[..., R], statement: TypedReturnsRows[*Ts]) -> list[R]:
        """Each row as the named tuple (or whatever `make` builds from its columns, in their order)."""
        return [make(*row) for row in await self.all(statement)]

    async def row(self, make: Callable[..., R], statement: TypedReturnsRows[*Ts]) -> R | None:
        row = await self.first(statement)
        return None if row is None else make(*row)


class Transaction(Reader):
    """Reads and writes that become visible together, and the events and tasks that go with them."""

    def __init__(self, connection: AsyncConnection, dialect: DialectName) -> None:
        super().__init__(connection, dialect)
        self.wakeups = Wakeups()

    async def execute(self, statement: Executable, rows: Sequence[Mapping[str, object]] | None = None) -> int:
        """Run a statement, once for each of `rows` when given; answers how many rows it touched."""
        if rows is not None and not rows:
            return 0
        return (await self._connection.execute(statement, rows)).rowcount

    async def publish(self, topic: str, *events: NewEvent) -> int:
        """Append events to a topic; answers the last one's number. Followers are woken after commit."""
        return (await self.publish_many({topic: events}))[topic]

    async def publish_many(self, events: Mapping[str, Sequence[NewEvent]]) -> dict[str, int]:
        """As `publish`, for several topics in two statements. The topics stay locked until commit."""
        counts = {topic: len(batch) for topic, batch in events.items() if batch}
        if not counts:
            return {}
        numbering = event_queries.allot_numbers(counts, time.time_ns() // 1000, self.dialect)
        last = dict(await self.all(numbering))
        rows = [
            {"topic": topic, "seq": last[topic] - counts[topic] + index, "type": event.type, "data": dict(event.data)}
            for topic in counts
            for index, event in enumerate(events[topic], start=1)
        ]
        await self.execute(event_queries.append(), rows)
        self.wakeups.topics.update(last)
        return last

    async def enqueue(self, task: NewTask) -> int | None:
        """Add a task; None when a live one already has its kind and key. A worker is woken after commit."""
        task_id = await self.scalar(task_queries.enqueue(task, self.dialect))
        if task_id is not None:
            self.wakeups.lanes.add(task.lane)
        return task_id

    async def enqueue_many(self, tasks: Sequence[NewTask]) -> None:
        """As `enqueue`, in two statements."""
        now = await self.scalar(task_queries.time()) if tasks else None
        if now is None:
            return
        rows = [
            {
                "kind": task.kind,
                "lane": task.lane,
                "key": task.key,
                "payload": dict(task.payload),
                "max_attempts": task.max_attempts,
                "run_at": now + timedelta(seconds=task.delay_seconds),
            }
            for task in tasks
        ]
        await self.execute(task_queries.enqueue_many(self.dialect), rows)
        self.wakeups.lanes.update(task.lane for task in tasks)


class Sessions:
    """Opens reads and transactions. `on_commit` gets the wake-ups of each committed transaction, and must not block."""

    def __init__(self, engines: Engines, on_commit: Callable[[Wakeups], None]) -> None:
        self._engines = engines
        self._on_commit = on_commit

    @property
    def dialect(self) -> DialectName:
        return self._engines.dialect

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncGenerator[Reader]:
        """With `snapshot` all statements see one state of the database; without, each sees its own on Postgres."""
        engine = self._engines.snapshot if snapshot else self._engines.reading
        async with engine.connect() as connection:
            yield Reader(connection, self.dialect)

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Transaction]:
        """One transaction: committed when the block ends, undone when it raises."""
        async with self._engines.writing.begin() as connection:
            transaction = Transaction(connection, self.dialect)
            yield transaction
        if transaction.wakeups:
            self._on_commit(transaction.wakeups)
