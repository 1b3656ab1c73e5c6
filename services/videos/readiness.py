"""A video watched until it is ready, or until the watcher's time is up."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum, auto

from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Sessions
from services import limits
from services.errors import InvalidInput, NotFound, Problem, ProblemCode
from services.events.event import EventsExpired
from services.events.log import EventLog
from services.events.log import position as position_of
from services.events.positions import parse_position
from services.videos import processing


class Step(Enum):
    SNAPSHOT = auto()
    UPDATE = auto()
    READY = auto()
    TIMEOUT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """One step; READY and TIMEOUT are the last."""

    step: Step
    position: int
    video: VideoRow


class ReadinessService:
    def __init__(self, database: Sessions, log: EventLog) -> None:
        self._database = database
        self._log = log

    async def follow(self, video_id: int, after: str | None, timeout_seconds: int) -> AsyncGenerator[Readiness]:
        """The steps since `after`, or a snapshot first when that position is not known.

        Raises InvalidInput or NotFound before the first step.
        """
        if not 1 <= timeout_seconds <= limits.READINESS_SECONDS:
            message = f"TimeoutSeconds must be between 1 and {limits.READINESS_SECONDS}."
            raise InvalidInput([Problem(path=("timeoutSeconds",), code=ProblemCode.OUT_OF_RANGE, message=message)])
        await self._load(video_id)
        position = parse_position(after)
        if position is not None and not await self._log.holds(processing.topic_of(video_id), position):
            position = None
        return self._steps(video_id, position, asyncio.get_running_loop().time() + timeout_seconds)

    async def _steps(self, video_id: int, position: int | None, deadline: float) -> AsyncGenerator[Readiness]:
        while True:
            latest, video = await self._load(video_id)
            if position is None:
                yield Readiness(step=Step.SNAPSHOT, position=latest, video=video)
            elif latest > position:
                # However many events came meanwhile: the video as it is now tells them all.
                yield Readiness(step=Step.UPDATE, position=latest, video=video)
            position = latest
            if video.is_ready:
                yield Readiness(step=Step.READY, position=position, video=video)
                return
            try:
                await self._wait_for_event(video_id, position, deadline)
            except EventsExpired:
                position = None
            except TimeoutError:
                yield Readiness(step=Step.TIMEOUT, position=position, video=video)
                return

    async def _wait_for_event(self, video_id: int, position: int, deadline: float) -> None:
        """Raises TimeoutError at the deadline."""
        async with aclosing(self._log.follow(processing.topic_of(video_id), position)) as events:
            async with asyncio.timeout_at(deadline):
                await anext(events)

    async def _load(self, video_id: int) -> tuple[int, VideoRow]:
        async with self._database.read(snapshot=True) as reader:
            video = await reader.row(VideoRow, queries.by_ids([video_id]))
            if video is None:
                raise NotFound("Video not found.")
            return await position_of(reader, processing.topic_of(video_id)), video
