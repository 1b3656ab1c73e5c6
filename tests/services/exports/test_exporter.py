"""Exports whose worker or storage fails: they end in one way, and leave no blob that nothing refers to."""

import pytest
from sqlalchemy import select, update

from db import clock
from db.models.tables import Artifact, Task
from services.exports import contents
from services.settings import Settings
from services.storage.local import LocalStorage
from tests.client import Client
from tests.conditions import until
from tests.doubles.halting_storage import HaltingStorage
from tests.exporting import blobs, exporting, folder_of, sweep
from tests.jobs import cancel, export, files_of, follow, read, until_ended
from tests.server import Server

pytestmark = pytest.mark.asyncio


async def task_status(server: Server) -> str | None:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(Task.status).where(Task.kind == "export_user"))


async def expect(server: Server, settings: Settings, *, kept: int) -> None:
    """So many artifacts, and no other blob."""
    await sweep(server)
    async with server.services.database.read() as reader:
        keys = sorted(key for (key,) in await reader.all(select(Artifact.storage_key)))
    assert len(keys) == kept
    assert blobs(settings) == keys


async def outcome(user: Client, job: str) -> tuple[str, str | None]:
    ended = await until_ended(user, job)
    assert ended["artifacts"] == []
    return ended["status"], ended["error"] and ended["error"]["code"]


async def test_a_storage_that_is_away(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    job = (await export(user))["id"]
    storage = HaltingStorage(folder_of(settings), breaks=True)
    storage.go_on.set()
    async with exporting(idle_server, storage):
        assert await outcome(user, job) == ("FAILED", "STORAGE_UNAVAILABLE")
    assert await task_status(idle_server) == "DEAD"
    await expect(idle_server, settings, kept=0)


async def test_too_much_for_one_file(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    job = (await export(user))["id"]
    async with exporting(idle_server, idle_server.services.storage, largest_bytes=500):
        assert await outcome(user, job) == ("FAILED", "TOO_LARGE")
    await expect(idle_server, settings, kept=0)


async def test_too_long(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    job = (await export(user))["id"]
    async with exporting(idle_server, HaltingStorage(folder_of(settings)), longest_seconds=0.5):
        assert await outcome(user, job) == ("TIMED_OUT", "TIMEOUT")
    await expect(idle_server, settings, kept=0)


async def test_a_broken_reading_is_tried_again(
    idle_server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours ends the job, too, and tells nobody more than that."""
    user = await idle_server.user()
    job = (await export(user))["id"]
    monkeypatch.setattr(contents, "TABLES", {})
    async with exporting(idle_server, idle_server.services.storage):
        assert await outcome(user, job) == ("FAILED", "INTERNAL")
    await expect(idle_server, settings, kept=0)


async def test_cancelled_at_work(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    job = (await export(user))["id"]
    storage = HaltingStorage(folder_of(settings))
    async with exporting(idle_server, storage):
        await storage.reached.wait()
        cancelled = (await cancel(user, job))["job"]
        assert cancelled["status"] == "CANCELLED"
        storage.go_on.set()

        async def has_ended() -> bool:
            return await task_status(idle_server) == "CANCELLED"

        await until(has_ended)
    assert await read(user, job) == cancelled
    await expect(idle_server, settings, kept=0)


async def test_another_goes_on_with_it(idle_server: Server, settings: Settings) -> None:
    """A worker that comes back after its lease was taken writes nothing, and what it stored is removed."""
    user = await idle_server.user()
    job = (await export(user))["id"]
    late = HaltingStorage(folder_of(settings))
    async with exporting(idle_server, late):
        await late.reached.wait()
        async with idle_server.services.database.write() as tx:
            await tx.execute(update(Task).values(run_at=clock.seconds_from_now(-1)))
        async with exporting(idle_server, LocalStorage(folder_of(settings))):
            done = await until_ended(user, job)
        late.go_on.set()

        async def both_stored() -> bool:
            return len(blobs(settings)) == 2

        await until(both_stored)
        await expect_late_one_gone(idle_server, settings)
    assert done["status"] == "SUCCEEDED"
    assert await files_of(done)
    events = await follow(user, job)
    assert [event["__typename"] for event in events] == ["JobSnapshot", "JobFinished"]


async def expect_late_one_gone(server: Server, settings: Settings) -> None:
    async def is_gone() -> bool:
        await sweep(server)
        return len(blobs(settings)) == 1

    await until(is_gone)
    await expect(server, settings, kept=1)


async def test_a_worker_that_was_killed(idle_server: Server, settings: Settings) -> None:
    """Its job goes on when the lease has run out, and what it may have stored is removed in its time."""
    user = await idle_server.user()
    job = (await export(user))["id"]
    storage = HaltingStorage(folder_of(settings))
    async with exporting(idle_server, storage):
        await storage.reached.wait()
        before = await read(user, job)
        async with idle_server.services.database.write() as tx:
            # As if nobody had come to hand it back: the lease is somebody else's that never answers.
            await tx.execute(update(Task).values(lease_token="killed", run_at=clock.now()))
    assert before is not None
    assert (before["status"], before["progress"]) == ("RUNNING", 0.9)
    async with exporting(idle_server, LocalStorage(folder_of(settings))):
        events = await follow(user, job)
    shown = [event["job"]["progress"] for event in events]
    assert shown == sorted(shown)
    assert (shown[-1], events[-1]["job"]["status"]) == (1.0, "SUCCEEDED")
    await expect(idle_server, settings, kept=1)
