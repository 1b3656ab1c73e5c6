"""Gathers the pieces of all replies being written here, and appends them to the event log some 25 times a second."""

import asyncio
import contextlib

import structlog
from structlog.typing import FilteringBoundLogger

from db.outbox import NewEvent
from db.sessions import Sessions
from services.tasks.model import ClaimedTask, LeaseLost
from services.tasks.queue import TaskQueue
from services.wiz.reply_log import Progress

GATHER_SECONDS = 0.04
LOOK_SECONDS = 1.0
"""How often to see that replies which say nothing are still ours to write, and still wanted."""

log: FilteringBoundLogger = structlog.get_logger()


class DeltaStream:
    """One reply's pieces on their way out."""

    def __init__(self, buffer: "DeltaBuffer", task: ClaimedTask, topic: str) -> None:
        self.task = task
        self.topic = topic
        self.error: Exception | None = None
        """Why nothing is appended any more: LeaseLost, or what the database said."""
        self.halted = asyncio.Event()
        """Set when there is an error, or somebody has asked for the reply to stop."""
        self._buffer = buffer
        self._pieces: list[str] = []
        self._taken = 0
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def text(self) -> str:
        """All that was appended here."""
        return "".join(self._pieces)

    def append(self, piece: str) -> None:
        self._pieces.append(piece)
        if self.error is None:
            self._settled.clear()
            self._buffer.written.set()

    async def drain(self) -> None:
        """Return when every piece is in the log. Raises the error."""
        if not self._settled.is_set():
            self._buffer.hurried.set()
            await self._settled.wait()
        if self.error is not None:
            raise self.error

    def take(self) -> str:
        """What came since the last time."""
        taken, self._taken = self._taken, len(self._pieces)
        return "".join(self._pieces[taken:])

    def settle(self) -> None:
        """What was taken is in the log."""
        if self._taken == len(self._pieces):
            self._settled.set()
        if self.task.cancelled.is_set():
            self.halted.set()

    def fail(self, error: Exception) -> None:
        """What was taken is not in the log, so what follows must not get there either."""
        self.error = error
        self.halted.set()
        self._settled.set()


class DeltaBuffer:
    """Only `run` writes: a reply that is cancelled while it waits takes no other's pieces with it."""

    def __init__(
        self,
        database: Sessions,
        queue: TaskQueue,
        *,
        gather_seconds: float = GATHER_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._queue = queue
        self._gather_seconds = gather_seconds
        self._look_seconds = look_seconds
        self._streams = set[DeltaStream]()
        self.written = asyncio.Event()
        self.hurried = asyncio.Event()

    def open(self, task: ClaimedTask, topic: str) -> DeltaStream:
        stream = DeltaStream(self, task, topic)
        self._streams.add(stream)
        return stream

    def close(self, stream: DeltaStream) -> None:
        self._streams.discard(stream)

    async def run(self) -> None:
        while True:
            await _wait(self.written, self._look_seconds)
            self.written.clear()
            await self._flush()
            # After the first piece, not before it: that is the one somebody waits for.
            await _wait(self.hurried, self._gather_seconds)
            self.hurried.clear()

    async def _flush(self) -> None:
        """Append what is waiting, of all streams in one transaction; a failure belongs to those with a part in it."""
        batch = {stream: stream.take() for stream in self._streams if stream.error is None}
        if not batch:
            return
        try:
            held = await self._append(batch)
        except Exception as error:
            log.exception("reply.append_failed", streams=len(batch))
            for stream, text in batch.items():
                if text:
                    # Whether it is in the log after all cannot be known: the reply has to be begun again.
                    stream.fail(error)
            return
        for stream in batch:
            if stream.task in held:
                stream.settle()
            else:
                stream.fail(LeaseLost())

    async def _append(self, batch: dict[DeltaStream, str]) -> set[ClaimedTask]:
        """The tasks that are still held: a worker whose lease has passed to another must not append."""
        async with self._database.write() as tx:
            held = await self._queue.held(tx, [stream.task for stream in batch])
            deltas = {
                stream.topic: [NewEvent(type=Progress.DELTA, data={"text": text})]
                for stream, text in batch.items()
                if text and stream.task in held
            }
            await tx.publish_many(deltas)
        return held


async def _wait(event: asyncio.Event, at_most_seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most_seconds):
            await event.wait()
