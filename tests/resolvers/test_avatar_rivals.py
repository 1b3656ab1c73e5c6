"""Setting an avatar against what stands in its way: an account that goes, and a picture that takes for ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, literal_column, select, table

from db.queries import deletion
from db.sessions import Transaction
from services import uploads
from services.media import pictures
from services.settings import Settings
from services.storage.local import LocalStorage
from services.storage.storage import Blob
from services.storage.sweep import BlobSweep
from tests.accounts import member, problems
from tests.avatars import blobs, set_avatar, stored_keys, uploaded
from tests.conditions import until
from tests.resolvers.stored import user_id_of
from tests.server import Server

WAITING = select(func.count()).select_from(table("pg_locks")).where(literal_column("NOT granted"))


async def remove(tx: Transaction, user_id: int) -> None:
    """What an account's deletion does to its uploads, and to the user, whom it has locked."""
    await uploads.disown(tx, user_id)
    await tx.execute(deletion.delete_user(user_id))


async def sweep(server: Server) -> None:
    await BlobSweep(server.services.database, server.services.storage, kept_seconds=86_400).sweep()


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_it_waits_for_the_user_before_it_takes_the_upload(server: Server, settings: Settings) -> None:
    """In the order of the account's deletion, or each would wait for the other."""
    user = await server.user()
    user_id, upload = await user_id_of(user), await uploaded(user)
    database = server.services.database

    async def is_waiting() -> bool:
        async with database.read() as reader:
            return bool(await reader.scalar(WAITING))

    async with asyncio.TaskGroup() as group, database.write() as tx:
        await tx.first(deletion.lock_user(user_id))
        setting = group.create_task(set_avatar(user, upload))
        await until(is_waiting)
        await remove(tx, user_id)
    assert setting.result().code == "UNAUTHENTICATED"
    await sweep(server)
    assert blobs(settings) == set()


@pytest.mark.asyncio
async def test_of_a_user_who_left_meanwhile_nothing_is_kept(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await server.user()
    user_id, upload = await user_id_of(user), await uploaded(user)
    put = LocalStorage.put

    async def put_and_leave(
        self: LocalStorage, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int
    ) -> Blob:
        if key.endswith("/64.webp"):
            async with server.services.database.write() as tx:
                await tx.first(deletion.lock_user(user_id))
                await remove(tx, user_id)
        return await put(self, key, chunks, content_type=content_type, limit=limit)

    monkeypatch.setattr(LocalStorage, "put", put_and_leave)
    assert (await set_avatar(user, upload)).code == "UNAUTHENTICATED"
    await sweep(server)
    assert blobs(settings) == set()


@pytest.mark.asyncio
async def test_a_picture_that_takes_too_long_uses_its_upload_up(
    server: Server, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await server.user()
    upload = await uploaded(user)
    program = tmp_path / "program.py"
    program.write_text("import sys, time; sys.stdin.buffer.read(); time.sleep(99)", encoding="utf-8")
    monkeypatch.setattr(pictures, "PROGRAM", program)
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 1.0)
    assert problems(await set_avatar(user, upload)) == [("uploadId", "TOO_LARGE")]
    monkeypatch.undo()
    assert member(await set_avatar(user, upload))["__typename"] == "NotFound"
    assert await stored_keys(server) == [None]
    await sweep(server)
    assert blobs(settings) == set()
