"""Gathers the pieces of all replies being written here, and appends them to the event log some 25 times a second."""

import asyncio
from collections.abc import Sequence

import structlog

from db.outbox import NewEvent
from db.sessions import Sessions, Transaction
from services.replies import Progress
from services.tasks.model import ClaimedTask, LeaseLost
from services.tasks.queue import TaskQueue

FLUSH_SECONDS = 0.04
logger = structlog.get_logger()


class DeltaStream:
    """One reply's pieces on their way out."""

    def __init__(self, buffer: "DeltaBuffer", task: ClaimedTask, topic: str) -> None:
        self._buffer = buffer
        self.task = task
        self.topic = topic
        self.pieces: list[str] = []
        self.error: Exception | None = None

    def append(self, piece: str) -> None:
        """Raises LeaseLost, or what the database said, once an earlier piece could not be appended."""
        if self.error is not None:
            raise self.error
        self.pieces.append(piece)
        self._buffer.wake()

    async def drain(self) -> None:
        """Return when every piece is in the log; raises as `append` does."""
        await self._buffer.flush()
        if self.error is not None:
            raise self.error


class DeltaBuffer:
    def __init__(self, database: Sessions, queue: TaskQueue) -> None:
        self._database = database
        self._queue = queue
        self._streams: dict[int, DeltaStream] = {}
        self._lock = asyncio.Lock()
        self._waiting = asyncio.Event()

    def open(self, task: ClaimedTask, topic: str) -> DeltaStream:
        stream = self._streams[task.id] = DeltaStream(self, task, topic)
        return stream

    def close(self, stream: DeltaStream) -> None:
        if self._streams.get(stream.task.id) is stream:
            del self._streams[stream.task.id]

    def wake(self) -> None:
        self._waiting.set()

    async def run(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Append what is waiting, of all streams in one transaction. A failure belongs to the streams in it."""
        async with self._lock:
            batch = [(stream, "".join(stream.pieces)) for stream in self._streams.values() if stream.pieces]
            for stream, _ in batch:
                stream.pieces.clear()
            try:
                await self._append(batch)
            except Exception as error:
                logger.warning("reply.append_failed", streams=len(batch), exc_info=error)
                for stream, _ in batch:
                    stream.error = error

    async def _append(self, batch: Sequence[tuple[DeltaStream, str]]) -> None:
        if not batch:
            return
        async with self._database.write() as tx:
            held = await self._held(tx, [stream for stream, _ in batch])
            await tx.publish_many(
                {
                    stream.topic: [NewEvent(type=Progress.DELTA, data={"text": text})]
                    for stream, text in batch
                    if stream.task.id in held
                }
            )
        for stream, _ in batch:
            if stream.task.id not in held:
                stream.error = LeaseLost()

    async def _held(self, tx: Transaction, streams: Sequence[DeltaStream]) -> set[int]:
        """Fencing: a worker whose lease has passed to another must not append. Notes requests to stop, too."""
        held = await self._queue.held(tx, {stream.task.id: stream.task.lease_token for stream in streams})
        return held
