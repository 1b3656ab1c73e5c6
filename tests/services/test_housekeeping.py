"""What was kept long enough goes, and nothing else."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from db import clock
from db.models import tables
from db.models.tables import Base
from db.sessions import Sessions, Transaction
from services import housekeeping
from services.housekeeping import Housekeeping, Purge, purges
from services.settings import Settings
from tests.conditions import until

pytestmark = pytest.mark.asyncio

DAY = 24 * 60 * 60


async def rows(sessions: Sessions, table: type[Base]) -> int:
    async with sessions.read() as reader:
        return await reader.scalar(select(func.count()).select_from(table)) or 0


async def add_user(tx: Transaction) -> int:
    user_id = await tx.scalar(insert(tables.User).values(email="ada@example.com").returning(tables.User.id))
    assert user_id is not None
    return user_id


def ago(days: float) -> clock.seconds_from_now:
    return clock.seconds_from_now(-days * DAY)


def task(number: int, status: str, **times: object) -> Mapping[str, object]:
    return {
        "kind": "work",
        "lane": "lane",
        "key": str(number),
        "payload": {},
        "max_attempts": 1,
        "status": status,
        "run_at": clock.now(),
        **times,
    }


async def clean_up(sessions: Sessions, settings: Settings) -> None:
    await Housekeeping(sessions, purges(settings)).clean_up()


async def test_tasks_that_ended_a_week_ago(sessions: Sessions, settings: Settings) -> None:
    kept = [
        task(1, "SUCCEEDED", finished_at=ago(6.9)),
        task(2, "PENDING", created_at=ago(100)),
        task(3, "RUNNING", created_at=ago(100)),
    ]
    gone = [task(4 + n, status, finished_at=ago(7.1)) for n, status in enumerate(("SUCCEEDED", "DEAD", "CANCELLED"))]
    async with sessions.write() as tx:
        for one in (*kept, *gone):
            await tx.execute(insert(tables.Task).values(one))
    await clean_up(sessions, settings)
    async with sessions.read() as reader:
        assert sorted(key for (key,) in await reader.all(select(tables.Task.key))) == ["1", "2", "3"]


async def test_quota_counters_of_a_week_ago(sessions: Sessions, settings: Settings) -> None:
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=days)).isoformat() for days in (0, 6, 9)]
    async with sessions.write() as tx:
        await tx.execute(insert(tables.QuotaCounter), [{"owner": "user:1", "day": day, "used": 1} for day in days])
    await clean_up(sessions, settings)
    async with sessions.read() as reader:
        kept = [day for (day,) in await reader.all(select(tables.QuotaCounter.day))]
    assert sorted(kept, reverse=True) == days[:2]


async def test_what_signing_in_leaves(sessions: Sessions, settings: Settings) -> None:
    async with sessions.write() as tx:
        user_id = await add_user(tx)
        for name, ended in (("stands", None), ("ended", ago(40))):
            added = insert(tables.Session).values(
                user_id=user_id, created_at=ago(80), revoked_at=ended, user_agent=name
            )
            session_id = await tx.scalar(added.returning(tables.Session.id))
            for token, expires in (("fresh", ago(-1)), ("stale", ago(2))):
                hashed = {"token_hash": f"{name} {token}", "session_id": session_id, "expires_at": expires}
                await tx.execute(insert(tables.RefreshToken).values(hashed))
        for name, expires in (("fresh", ago(-1)), ("stale", ago(2))):
            mailed = {"token_hash": name, "user_id": user_id, "purpose": "P", "email": "e", "expires_at": expires}
            await tx.execute(insert(tables.MailedToken).values(mailed))
            await tx.execute(insert(tables.SpentCredential).values(credential_hash=name, expires_at=expires))
    await clean_up(sessions, settings)
    async with sessions.read() as reader:
        assert await reader.all(select(tables.Session.user_agent)) == [("stands",)]
        assert await reader.all(select(tables.RefreshToken.token_hash)) == [("stands fresh",)]
        assert await reader.all(select(tables.MailedToken.token_hash)) == [("fresh",)]
        assert await reader.all(select(tables.SpentCredential.credential_hash)) == [("fresh",)]


async def test_audit_events_as_long_as_the_operator_wants(sessions: Sessions, settings: Settings) -> None:
    async with sessions.write() as tx:
        for kind, days in (("NEW", 9), ("OLD", 11)):
            added = insert(tables.AuditEvent).values(kind=kind, details={}, created_at=ago(days))
            await tx.execute(added)
    await clean_up(sessions, settings.model_copy(update={"audit_keep_days": 10}))
    async with sessions.read() as reader:
        assert await reader.all(select(tables.AuditEvent.kind)) == [("NEW",)]


async def test_files_of_exports_after_a_week(sessions: Sessions, settings: Settings) -> None:
    """The job stays in its owner's list."""
    async with sessions.write() as tx:
        job = insert(tables.Job).values(user_id=await add_user(tx), kind="USER_EXPORT", status="SUCCEEDED")
        job_id = await tx.scalar(job.returning(tables.Job.id))
        for letter, days in (("a", 6.9), ("b", 7.1)):
            file = {"job_id": job_id, "name": letter, "content_type": "application/zip", "size_bytes": 1}
            stored = {"storage_key": f"exports/{letter * 32}", "created_at": ago(days)}
            await tx.execute(insert(tables.Artifact).values({**file, **stored}))
    await clean_up(sessions, settings)
    async with sessions.read() as reader:
        assert await reader.all(select(tables.Artifact.name)) == [("a",)]
        assert await reader.all(select(tables.BlobRemoval.storage_key)) == [(f"exports/{'b' * 32}",)]
    assert await rows(sessions, tables.Job) == 1


async def test_many_rows_in_several_transactions(
    sessions: Sessions, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 10)
    async with sessions.write() as tx:
        for number in range(25):
            await tx.execute(insert(tables.Task).values(task(number, "DEAD", finished_at=ago(8))))
    (tasks,) = [purge for purge in purges(settings) if purge.name == "tasks"]
    sizes: list[int] = []

    async def counted(tx: Transaction) -> int:
        sizes.append(await tasks.batch(tx))
        return sizes[-1]

    await Housekeeping(sessions, [Purge("tasks", counted)]).clean_up()
    assert sizes == [10, 10, 5]
    assert await rows(sessions, tables.Task) == 0


async def test_a_database_that_is_away_is_tried_again(sessions: Sessions) -> None:
    """What one purge meets keeps none of the others from their work."""
    tries: list[str] = []

    async def refused(tx: Transaction) -> int:
        del tx
        tries.append("refused")
        raise ConnectionRefusedError

    async def accepted(tx: Transaction) -> int:
        del tx
        tries.append("accepted")
        return 0

    cleaning = Housekeeping(sessions, [Purge("a", refused), Purge("b", accepted)], pause_seconds=0)

    async def again() -> bool:
        return len(tries) >= 6

    async with asyncio.TaskGroup() as group:
        running = group.create_task(cleaning.run())
        await until(again)
        running.cancel()
    assert tries[:4] == ["refused", "accepted"] * 2


async def test_a_mistake_of_ours_is_no_outage(sessions: Sessions) -> None:
    async def mistaken(tx: Transaction) -> int:
        raise LookupError(tx.dialect)

    with pytest.raises(LookupError):
        await Housekeeping(sessions, [Purge("a", mistaken)]).clean_up()
