"""What a test of the processing of videos needs at hand: videos added, their parts and events read, a worker."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select

from db.models.tables import Event
from db.outbox import NewTask
from db.queries import videos as queries
from db.queries.videos import SegmentRow, VideoPartRow, VideoRow
from db.sessions import Sessions
from services.llm.chat_model import Segment
from services.llm.writing.writer import ExtractiveWriter, Writer
from services.tasks.model import ClaimedTask
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from services.videos import processing
from services.videos.processing import KINDS, Part
from services.videos.processors import VideoProcessor
from services.videos.videos import VideoRef, ensure
from services.youtube.access import Access
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts
from tests.conditions import until
from tests.servers.youtube import FakeYouTube
from tests.services.tasks.stage import Stage, running

LEASE_SECONDS = 60


class OwnWords:
    async def for_user(self, user_id: int | None) -> Writer:
        del user_id
        return ExtractiveWriter()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingStage:
    sessions: Sessions
    youtube: FakeYouTube
    access: Access

    @property
    def tasks(self) -> Stage:
        return Stage(sessions=self.sessions)

    def queue(self, *, retry_seconds: float = 0) -> TaskQueue:
        return TaskQueue(self.sessions, {processing.LANE: LEASE_SECONDS}, lambda _attempt: retry_seconds)

    def processor(self, queue: TaskQueue) -> VideoProcessor:
        return VideoProcessor(
            database=self.sessions,
            queue=queue,
            transcripts=Transcripts(self.access),
            metadata=Metadata(self.access),
            writers=OwnWords(),
        )

    @asynccontextmanager
    async def working(self, *, retry_seconds: float = 0) -> AsyncGenerator[None]:
        queue = self.queue(retry_seconds=retry_seconds)
        worker = Worker(queue, self.processor(queue).handlers(), {processing.LANE: 4}, "worker", poll_seconds=0.02)
        async with running(worker):
            yield

    async def claimed(self, queue: TaskQueue, kind: str) -> ClaimedTask:
        handling = self.processor(queue).handlers()[kind]
        task = await queue.claim(processing.LANE, "tester", {kind: handling})
        if task is None:
            raise LookupError("No task is due.")
        return task

    async def add(self, youtube_id: str, title: str | None = None) -> int:
        """As `videoAdd` does."""
        async with self.sessions.write() as tx:
            return (await ensure(tx, VideoRef(youtube=youtube_id), title)).id

    async def add_done(self, youtube_id: str, part: Part) -> int:
        """With one part in place that nobody fetched, and a task for it all the same, the only one."""
        async with self.sessions.write() as tx:
            await tx.execute(queries.add(youtube_id, None, tx.dialect))
            video = await tx.row(VideoRow, queries.by_youtube_id(youtube_id))
            if video is None:
                raise LookupError("The video was not added.")
            for each in Part:
                await tx.execute(queries.add_part(video.id, each, tx.dialect))
            match part:
                case Part.METADATA:
                    await tx.execute(queries.set_details(video.id, {"title": "Own"}))
                case Part.TRANSCRIPT:
                    await tx.execute(queries.set_transcript(video.id, "YOUTUBE"))
                case Part.SUMMARY:
                    await tx.execute(queries.set_summary(video.id, "Own.", None))
        await self.enqueue(part, video.id)
        return video.id

    async def enqueue(self, part: Part, video_id: int) -> None:
        async with self.sessions.write() as tx:
            payload = {"videoId": video_id}
            await tx.enqueue(NewTask(kind=KINDS[part], lane=processing.LANE, key=str(video_id), payload=payload))

    async def video(self, video_id: int) -> VideoRow:
        async with self.sessions.read() as reader:
            row = await reader.row(VideoRow, queries.by_ids([video_id]))
        if row is None:
            raise LookupError("There is no such video.")
        return row

    async def segments(self, video_id: int) -> list[Segment]:
        async with self.sessions.read() as reader:
            rows = await reader.rows(SegmentRow, queries.segments(video_id))
        if [row.position for row in rows] != list(range(len(rows))):
            raise ValueError("The positions have gaps.")
        return [
            Segment(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text)
            for row in rows
        ]

    async def parts(self, video_id: int) -> Mapping[str, VideoPartRow]:
        async with self.sessions.read() as reader:
            return {row.part: row for row in await reader.rows(VideoPartRow, queries.parts([video_id]))}

    async def states(self, video_id: int) -> dict[str, tuple[str, int]]:
        """Of each part, its state and attempts."""
        return {part: (row.state, row.attempts) for part, row in (await self.parts(video_id)).items()}

    async def until_states(self, video_id: int, **wanted: tuple[str, int]) -> None:
        async def holds() -> bool:
            return wanted.items() <= (await self.states(video_id)).items()

        await until(holds)

    async def events(self, video_id: int) -> list[tuple[int, str]]:
        """Number and type of each, in order."""
        statement = (
            select(Event.seq, Event.type).where(Event.topic == processing.topic_of(video_id)).order_by(Event.seq)
        )
        async with self.sessions.read() as reader:
            return [(seq, kind) for seq, kind in await reader.all(statement)]
