"""Check B1: wherever a process is killed, after the sweep there is no row without its blob and no blob without its row."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from db import clock
from db.models.tables import BlobRemoval, Upload, User
from db.sessions import Sessions
from services.storage.opening import open_storage
from services.storage.s3 import S3Storage
from services.storage.storage import Storage
from services.storage.sweep import BlobSweep
from tests.servers.seaweedfs import BUCKET, S3Server
from tests.services.storage import dying
from tests.settings import settings_for

ROOT = Path(__file__).parents[3]


async def keys_in(storage: Storage, folder: Path) -> set[str]:
    """All that the store keeps."""
    if isinstance(storage, S3Storage):
        listed = await storage._client.list_objects_v2(Bucket=BUCKET)
        return {one["Key"] for one in listed.get("Contents", []) if "Key" in one}
    blobs = folder / "blobs"
    return {str(path.relative_to(blobs)) for path in blobs.rglob("*") if path.is_file()}


async def let_time_pass(sessions: Sessions, folder: Path) -> None:
    """As if it were a day later."""
    async with sessions.write() as tx:
        await tx.execute(update(Upload).values(expires_at=clock.seconds_from_now(-86_400)))
        await tx.execute(update(BlobRemoval).values(remove_at=clock.seconds_from_now(-1)))
    for path in (folder / "blobs" / ".arriving").glob("*"):
        os.utime(path, (0, 0))


async def killed_at_each_step(database_url: str, folder: Path, changes: Mapping[str, object], user_id: int) -> int:
    """How many steps there were."""
    arguments = (database_url, str(folder), json.dumps(changes), str(user_id))
    command = (sys.executable, "-m", dying.__name__, *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return int(output)


@pytest.mark.parametrize("kind", ["local", "s3"])
@pytest.mark.asyncio
async def test_whoever_is_killed_leaves_nothing_behind(
    kind: str, database_url: str, sessions: Sessions, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    changes: Mapping[str, object] = {}
    if kind == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        changes = server.settings
    async with sessions.write() as tx:
        user_id = await tx.scalar(insert(User).values(email="ada@example.com").returning(User.id))
    assert user_id is not None
    async with open_storage(settings_for(database_url, tmp_path, **changes)) as storage:
        before = await keys_in(storage, tmp_path)
        steps = await killed_at_each_step(database_url, tmp_path, changes, user_id)
        assert steps > {"local": 40, "s3": 14}[kind]
        async with sessions.read() as reader:
            assert (await reader.scalar(select(func.count()).select_from(Upload)) or 0) > 10
        await let_time_pass(sessions, tmp_path)
        sweep = BlobSweep(sessions, storage, kept_seconds=60)
        await asyncio.gather(sweep.sweep(), sweep.sweep())
        async with sessions.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(Upload)) == 0
            assert await reader.scalar(select(func.count()).select_from(BlobRemoval)) == 0
            avatar = await reader.scalar(select(User.avatar_key).where(User.id == user_id))
        assert await keys_in(storage, tmp_path) - before == {f"{avatar}64.webp", f"{avatar}512.webp"}
        for name in ("64.webp", "512.webp"):
            assert (await storage.stat(f"{avatar}{name}")).size_bytes == len(dying.FILE)
        await storage.remove(str(avatar))
