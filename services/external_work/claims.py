"""Tasks handed out to workers of somebody else, who wait until one comes."""

import asyncio
import itertools
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from db.queries import tasks as queries
from db.queries.tasks import TaskRow
from db.sessions import Sessions
from services import limits
from services.audit import AuditKind, record
from services.errors import NoTask, ProblemCode
from services.external_work import handlings
from services.external_work.types import CLAIMABLE, KIND_OF, LANE_OF, TaskType
from services.identity.devices import Device
from services.supervision import undisturbed
from services.tasks.bell import LaneBell
from services.tasks.model import ClaimedTask, Handling, LeaseLost
from services.tasks.queue import TaskQueue
from services.validation import Checks, label

POLL_SECONDS = 1.0
"""How often a waiting worker looks for tasks of which no hint came, and for those whose time or lease has run out."""
MOST_SKIPPED = 20
"""Tasks of which nothing is to be done any more, before a claim looks at the clock again."""
FIELD = "Mutation.taskClaim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    task: ClaimedTask
    row: TaskRow
    lease_seconds: float


class ClaimService:
    def __init__(self, database: Sessions, queue: TaskQueue, bell: LaneBell) -> None:
        self._database = database
        self._queue = queue
        self._bell = bell
        self._turns = itertools.count()

    async def claim(
        self,
        types: Collection[TaskType],
        worker_id: str,
        wait_seconds: int,
        *,
        device: Device,
        shutdown: asyncio.Event,
    ) -> Claim:
        """The task that has waited longest; that it was handed out is put into the audit log.

        Holds no session while it waits. Cancelled, it leaves no task claimed. Raises InvalidInput, or NoTask when none
        came before the time was up or the server began to shut down.
        """
        worker = _check(types, worker_id, wait_seconds)
        wanted = _by_lane(types)
        deadline = asyncio.get_running_loop().time() + wait_seconds
        with self._bell.listening(wanted.keys()) as rung:
            while not shutdown.is_set():
                rung.clear()
                claim = await undisturbed(self._take(worker, wanted, device, rung), self._undo)
                if claim is not None:
                    return claim
                if not await _pause(rung, shutdown, deadline):
                    break
        raise NoTask

    async def give_back(self, claim: Claim) -> None:
        """For an answer that reaches nobody: the task is there for the next, as if it had not been claimed."""
        async with self._database.write() as tx:
            if await self._queue.hand_back(tx, claim.task):
                await handlings.begin_again(tx, claim.task)

    async def _undo(self, claim: Claim | None) -> None:
        if claim is not None:
            await self.give_back(claim)

    async def _take(
        self, worker: str, wanted: Mapping[str, Mapping[str, Handling]], device: Device, rung: asyncio.Event
    ) -> Claim | None:
        """Sets the event when there may be more, after so many of which nothing was to be done any more."""
        # By turns, so that no lane waits while there is always something in another.
        turn = next(self._turns) % len(wanted)
        lanes = sorted(wanted)
        for lane in (*lanes[turn:], *lanes[:turn]):
            for _ in range(MOST_SKIPPED):
                task = await self._queue.claim(lane, worker, wanted[lane])
                if task is None:
                    break
                with suppress(LeaseLost):
                    claim = await self._begin(task, device)
                    if claim is not None:
                        return claim
            else:
                rung.set()
        return None

    async def _begin(self, task: ClaimedTask, device: Device) -> Claim | None:
        async with self._database.write() as tx:
            is_begun = await handlings.begin(tx, self._queue, task)
            row = await tx.row(TaskRow, queries.by_id(task.id))
            if not is_begun or row is None:
                return None
            await record(tx, AuditKind.ADMIN_ACTED, address=device.address, details={"field": FIELD})
        return Claim(task=task, row=row, lease_seconds=self._queue.lease_seconds(task.lane))


def _by_lane(types: Collection[TaskType]) -> dict[str, dict[str, Handling]]:
    """How each kind is done, by lane and kind."""
    wanted: dict[str, dict[str, Handling]] = {}
    for one in types:
        wanted.setdefault(LANE_OF[one], {})[KIND_OF[one]] = handlings.HANDLINGS[KIND_OF[one]]
    return wanted


async def _pause(rung: asyncio.Event, shutdown: asyncio.Event, deadline: float) -> bool:
    """Until there may be a task; False when it is time to go."""
    left = deadline - asyncio.get_running_loop().time()
    if left <= 0:
        return False
    async with asyncio.TaskGroup() as group:
        waiting = {group.create_task(rung.wait()), group.create_task(shutdown.wait())}
        await asyncio.wait(waiting, timeout=min(left, POLL_SECONDS), return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
    return True


def _check(types: Collection[TaskType], worker_id: str, wait_seconds: int) -> str:
    """The worker's name. Raises InvalidInput."""
    checks = Checks()
    if not types:
        checks.required("types")
    elif not set(types) <= set(CLAIMABLE):
        checks.add(["types"], ProblemCode.OUT_OF_RANGE, f"Types can be {', '.join(CLAIMABLE)}.")
    worker = checks.text(worker_id, "workerId", maximum=limits.WORKER_NAME_LENGTH)
    if not 0 <= wait_seconds <= limits.CLAIM_SECONDS:
        path = ["waitSeconds"]
        message = f"{label(path)} must be between 0 and {limits.CLAIM_SECONDS}."
        checks.add(path, ProblemCode.OUT_OF_RANGE, message)
    checks.finish()
    return worker
