"""Jobs: listed, found, and cancelled."""

import pytest
from sqlalchemy import insert

from db.models.tables import Job
from services.jobs import states
from services.jobs.states import JobStatus
from services.settings import Settings
from tests.client import Client, Json
from tests.jobs import cancel, export, exported, read
from tests.resolvers.stored import row_id, user_id_of
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

LIST = """
query List($kind: JobKind, $status: JobStatus, $first: Int! = 10, $after: String) {
  viewer { user { jobs(kind: $kind, status: $status, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id kind status }
  } } }
}
"""


async def listed(user: Client, **variables: object) -> Json:
    found: Json = (await user.execute(LIST, **variables)).data["viewer"]["user"]["jobs"]
    return found


async def test_listed_by_kind_and_status_in_pages(idle_server: Server) -> None:
    user = await idle_server.user()
    owner = await user_id_of(user)
    rows = [{"user_id": owner, "kind": "USER_EXPORT", "status": status} for status in [*JobStatus, JobStatus.FAILED]]
    async with idle_server.services.database.write() as tx:
        await tx.execute(insert(Job), rows)
    everything = await listed(user, kind="USER_EXPORT", first=50)
    assert everything["totalCount"] == 7
    assert [job["status"] for job in everything["nodes"]] == [row["status"] for row in reversed(rows)]
    failed = await listed(user, status="FAILED", first=1)
    assert (failed["totalCount"], len(failed["nodes"]), failed["pageInfo"]["hasNextPage"]) == (2, 1, True)
    rest = await listed(user, status="FAILED", first=1, after=failed["pageInfo"]["endCursor"])
    assert [job["status"] for job in rest["nodes"]] == ["FAILED"]
    assert rest["nodes"] != failed["nodes"]
    assert (await listed(await idle_server.user()))["totalCount"] == 0


async def test_cancelled_before_any_worker_has_it(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    job = await export(user)
    cancelled = await cancel(user, job["id"])
    assert cancelled["__typename"] == "JobCancelSuccess"
    assert (cancelled["job"]["status"], cancelled["job"]["startedAt"]) == ("CANCELLED", None)
    assert cancelled["job"]["finishedAt"] is not None
    async with serving(settings):
        again = await exported(user)
    assert again["id"] != job["id"]
    assert await read(user, job["id"]) == cancelled["job"]


async def test_what_has_ended_stays_as_it_is(server: Server) -> None:
    user = await server.user()
    job = await exported(user)
    answer = await cancel(user, job["id"])
    assert answer["__typename"] == "JobCancelSuccess"
    assert without_urls(answer["job"]) == without_urls(job)
    async with server.services.database.write() as tx:
        assert not await states.end(tx, row_id(job["id"]), JobStatus.FAILED)
        assert not await states.advance(tx, row_id(job["id"]), "reading", 0.1)
    now = await read(user, job["id"])
    assert now is not None
    assert without_urls(now) == without_urls(job)


def without_urls(job: Json) -> Json:
    """They name when they expire."""
    return {**job, "artifacts": [{**one, "url": None} for one in job["artifacts"]]}


async def test_a_strangers_job_is_not_found(idle_server: Server) -> None:
    owner, stranger = await idle_server.user(), await idle_server.user()
    job = await export(owner)
    assert (await cancel(stranger, job["id"]))["__typename"] == "NotFound"
    assert await read(owner, job["id"]) == job


async def test_progress_never_falls(idle_server: Server) -> None:
    user = await idle_server.user()
    job = (await export(user))["id"]
    seen: list[float] = []
    for progress in (0.0, 0.5, 0.2, 0.7, 0.0):
        async with idle_server.services.database.write() as tx:
            assert await states.advance(tx, row_id(job), "reading", progress)
        found = await read(user, job)
        assert found is not None
        seen.append(found["progress"])
    assert seen == [0.0, 0.5, 0.5, 0.7, 0.7]
