"""A job watched until it ends."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum, auto

from db.queries.jobs import JobRow
from db.sessions import Sessions
from services.events.event import EventsExpired
from services.events.log import EventLog
from services.events.log import position as position_of
from services.events.positions import parse_position
from services.jobs.jobs import owned
from services.jobs.states import JobStatus, topic_of


class Step(Enum):
    SNAPSHOT = auto()
    UPDATE = auto()
    FINISHED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step; FINISHED is the last."""

    step: Step
    position: int
    job: JobRow


class JobProgressService:
    def __init__(self, database: Sessions, log: EventLog) -> None:
        self._database = database
        self._log = log

    async def follow(self, user_id: int, job_id: int, after: str | None) -> AsyncGenerator[Progress]:
        """The steps since `after`, or a snapshot first when that position is not known (any more).

        Nothing comes after the position of the end. Raises NotFound before the first step.
        """
        await self._load(user_id, job_id)
        position = parse_position(after)
        if position is not None and not await self._log.holds(topic_of(job_id), position):
            position = None
        return self._steps(user_id, job_id, position)

    async def _steps(self, user_id: int, job_id: int, position: int | None) -> AsyncGenerator[Progress]:
        while True:
            latest, job = await self._load(user_id, job_id)
            has_ended = JobStatus(job.status).is_final
            if position is None:
                # Of one that has ended, the place just before the end: whoever is cut off here still gets that.
                position = max(0, latest - 1) if has_ended else latest
                yield Progress(step=Step.SNAPSHOT, position=position, job=job)
                if has_ended:
                    yield Progress(step=Step.FINISHED, position=latest, job=job)
            elif latest > position:
                # However many events came meanwhile: the job as it is now tells them all.
                yield Progress(step=Step.FINISHED if has_ended else Step.UPDATE, position=latest, job=job)
            if has_ended:
                return
            position = latest
            try:
                async with aclosing(self._log.follow(topic_of(job_id), position)) as events:
                    await anext(events)
            except EventsExpired:
                position = None

    async def _load(self, user_id: int, job_id: int) -> tuple[int, JobRow]:
        async with self._database.read(snapshot=True) as reader:
            job = await owned(reader, user_id, job_id)
            return await position_of(reader, topic_of(job_id)), job
