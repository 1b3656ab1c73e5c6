"""Workers of somebody else: they claim tasks over HTTP with the admin token, and bring what they were asked for."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, update

from db import clock
from db.models.tables import Base, Task
from db.queries import videos as queries
from db.queries.videos import VideoRow
from schema.types.nodes import global_id, parse_global_id
from services.audit import AuditKind
from services.settings import Settings
from services.videos.videos import VideoRef, ensure
from tests.client import Client, Json
from tests.server import Server, serving

ADMIN_TOKEN = "an admin token that is only for tests"
TASK = """
id type status attempt maxAttempts worker cancelRequested languages leaseExpiresAt runAt createdAt startedAt finishedAt
error { code message } video { id youtubeId title } note { id timestamp text }
"""
CLAIM = f"""
mutation Claim($input: TaskClaimInput!) {{
  taskClaim(input: $input) {{
    __typename
    ... on TaskClaimSuccess {{ leaseToken leaseSeconds task {{ {TASK} }} }}
    ... on InvalidInput {{ problems {{ path code }} }}
  }}
}}
"""
HEARTBEAT = """
mutation Beat($input: TaskHeartbeatInput!) {
  taskHeartbeat(input: $input) { __typename ... on TaskHeartbeatSuccess { leaseExpiresAt cancelRequested } }
}
"""
COMPLETE = f"""
mutation Complete($input: TaskCompleteInput!) {{
  taskComplete(input: $input) {{
    __typename
    ... on TaskCompleteSuccess {{ task {{ {TASK} }} }}
    ... on InvalidInput {{ problems {{ path code }} }}
  }}
}}
"""
FAIL = f"""
mutation Fail($input: TaskFailInput!) {{
  taskFail(input: $input) {{
    __typename
    ... on TaskFailSuccess {{ task {{ {TASK} }} }}
    ... on InvalidInput {{ problems {{ path code }} }}
  }}
}}
"""
REPLAY = f"""
mutation Replay($input: TaskReplayInput!) {{
  taskReplay(input: $input) {{ __typename ... on TaskReplaySuccess {{ task {{ {TASK} }} }} }}
}}
"""
SEGMENTS = [
    {"text": "The tide rises.", "startSeconds": 0.0, "durationSeconds": 2.5},
    {"text": "The tide falls.", "startSeconds": 2.5, "durationSeconds": 2},
]
TRANSCRIPT: Json = {"transcript": SEGMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A task that a worker claimed."""

    task: Json
    token: str
    lease_seconds: float

    @property
    def proof(self) -> Json:
        return {"id": self.task["id"], "leaseToken": self.token}

    @property
    def row_id(self) -> int:
        return row_of(self.task["id"])


def row_of(id: str) -> int:
    key = parse_global_id(id)
    assert key is not None
    return key.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalWorker:
    client: Client
    name: str = "ann"

    async def ask(self, document: str, **given: object) -> Json:
        """The member of the result union."""
        (member,) = (await self.client.execute(document, input=given)).data.values()
        found: Json = member
        return found

    async def claim_answer(self, types: Collection[str] = ("TRANSCRIPT",), wait: int = 0) -> Json:
        return await self.ask(CLAIM, types=list(types), workerId=self.name, waitSeconds=wait)

    async def claim(self, types: Collection[str] = ("TRANSCRIPT",), wait: int = 0) -> Held | None:
        answer = await self.claim_answer(types, wait)
        if answer["__typename"] == "NoTask":
            return None
        return Held(task=answer["task"], token=answer["leaseToken"], lease_seconds=answer["leaseSeconds"])

    async def hold(self, types: Collection[str] = ("TRANSCRIPT",)) -> Held:
        held = await self.claim(types)
        assert held is not None
        return held

    async def beat(self, held: Held) -> Json:
        return await self.ask(HEARTBEAT, **held.proof)

    async def complete(self, held: Held, result: Json = TRANSCRIPT) -> Json:
        return await self.ask(COMPLETE, **held.proof, result=result)

    async def fail(self, held: Held, **error: object) -> Json:
        return await self.ask(FAIL, **held.proof, error={"code": "NO_TRANSCRIPT", **error})

    async def replay(self, task_id: str) -> Json:
        return await self.ask(REPLAY, id=task_id)


def worker(server: Server, name: str = "ann") -> ExternalWorker:
    return ExternalWorker(client=Client(url=server.url, token=ADMIN_TOKEN), name=name)


@asynccontextmanager
async def guarded(settings: Settings, *, work: bool = False, **changes: object) -> AsyncGenerator[Server]:
    """A server that knows the admin token, without a worker of its own unless `work`."""
    changed = settings.model_copy(update={"admin_token": SecretStr(ADMIN_TOKEN), **changes})
    async with serving(changed, work=work) as server:
        yield server


async def add_video(server: Server, youtube_id: str = "dQw4w9WgXcQ") -> int:
    """As `videoAdd` does: with tasks for its metadata and its transcript."""
    async with server.services.database.write() as tx:
        return (await ensure(tx, VideoRef(youtube=youtube_id), None)).id


async def video_of(server: Server, video_id: int) -> VideoRow:
    async with server.services.database.read() as reader:
        row = await reader.row(VideoRow, queries.by_ids([video_id]))
    assert row is not None
    return row


async def end_lease(server: Server, held: Held) -> None:
    """As if nobody had given a sign of life for so long."""
    async with server.services.database.write() as tx:
        past = clock.seconds_from_now(-1)
        assert await tx.execute(update(Task).where(Task.id == held.row_id).values(run_at=past))


async def make_due(server: Server) -> None:
    """As if all that waits had waited long enough."""
    async with server.services.database.write() as tx:
        past = clock.seconds_from_now(-1)
        await tx.execute(update(Task).where(Task.status == "PENDING").values(run_at=past))


async def task_of(server: Server, task_id: str) -> Json:
    """As operators see it."""
    query = f"query Find($id: ID!) {{ task(id: $id) {{ {TASK} }} }}"
    found: Json = (await worker(server).client.execute(query, id=task_id)).data["task"]
    return found


async def task_ids(server: Server, kind: str) -> list[str]:
    """Of the kind, the oldest first."""
    found = select(Task.id).where(Task.kind == kind).order_by(Task.id)
    async with server.services.database.read() as reader:
        return [global_id("Task", one) for (one,) in await reader.all(found)]


async def dump(server: Server) -> dict[str, list[Any]]:
    """Every row of every table, but for what the acts of operators leave in the audit log."""
    async with server.services.database.read(snapshot=True) as reader:
        rows = {table.name: await reader.all(select(table)) for table in Base.metadata.sorted_tables}
    return {
        name: sorted((tuple(row) for row in found if AuditKind.ADMIN_ACTED not in row), key=repr)
        for name, found in rows.items()
    }
