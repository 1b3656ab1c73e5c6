"""The sweep: takes what nobody wants, and only that, until it has worked."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from db import clock
from db.models.tables import BlobRemoval, Upload
from db.queries import blobs as queries
from db.sessions import Sessions
from services.settings import Settings
from services.storage import sweep as sweeping
from services.storage.local import LocalStorage
from services.storage.opening import open_storage
from services.storage.removal import keep, remove_later, reserve
from services.storage.storage import BlobMissing, Storage, StorageUnavailable, new_key
from services.storage.sweep import ARRIVING_SECONDS, AT_ONCE, BlobSweep
from tests.conditions import until
from tests.server import serving
from tests.servers.ports import free_port
from tests.servers.seaweedfs import running
from tests.services.storage.blobs import put
from tests.settings import settings_for

pytestmark = pytest.mark.asyncio
KEPT = 3600.0


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "blobs")


async def announce(sessions: Sessions, storage: Storage, *, expired_seconds: float, state: str = "PENDING") -> str:
    """The key of an upload whose file has arrived."""
    key = new_key("uploads")
    values = {"purpose": "AVATAR", "filename": "x", "content_type": "image/png", "size_bytes": 1, "storage_key": key}
    async with sessions.write() as tx:
        await tx.execute(insert(Upload).values(**values, state=state, expires_at=clock.seconds_from_now(60)))
    await put(storage, key, b"x")
    async with sessions.write() as tx:
        expires_at = clock.seconds_from_now(-expired_seconds)
        await tx.execute(update(Upload).where(Upload.storage_key == key).values(expires_at=expires_at))
    return key


async def uploads_of(sessions: Sessions) -> set[str]:
    async with sessions.read() as reader:
        return {key for (key,) in await reader.all(select(Upload.storage_key))}


async def listed(sessions: Sessions) -> set[str]:
    async with sessions.read() as reader:
        return {key for (key,) in await reader.all(select(BlobRemoval.storage_key))}


async def kept(storage: Storage, keys: Sequence[str]) -> list[bool]:
    found: list[bool] = []
    for key in keys:
        try:
            await storage.stat(key)
        except BlobMissing:
            found.append(False)
        else:
            found.append(True)
    return found


async def let_removals_be_due(sessions: Sessions) -> None:
    async with sessions.write() as tx:
        await tx.execute(update(BlobRemoval).values(remove_at=clock.seconds_from_now(-1)))


async def test_uploads_go_when_their_time_is_over_used_or_not(sessions: Sessions, local: LocalStorage) -> None:
    over = KEPT + ARRIVING_SECONDS + 1
    old = [await announce(sessions, local, expired_seconds=over, state=state) for state in ("PENDING", "CLAIMED")]
    ages = (-60, 60, KEPT, over - 30)
    new = [await announce(sessions, local, expired_seconds=age) for age in ages]
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert await kept(local, old) == [False, False]
    assert await kept(local, new) == [True] * 4
    assert await uploads_of(sessions) == set(new)
    assert await listed(sessions) == set()


async def test_an_upload_whose_file_never_came_goes_too(sessions: Sessions, local: LocalStorage) -> None:
    key = await announce(sessions, local, expired_seconds=10 * KEPT)
    await local.remove(key)
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert (await uploads_of(sessions), await listed(sessions)) == (set(), set())


async def test_many_sweepers_share_the_work(sessions: Sessions, local: LocalStorage) -> None:
    keys = [await announce(sessions, local, expired_seconds=10 * KEPT) for _ in range(AT_ONCE + 20)]
    folder = new_key("avatars") + "/"
    await put(local, f"{folder}64.webp", b"x")
    async with sessions.write() as tx:
        await remove_later(tx, folder)
    sweeps = [BlobSweep(sessions, local, kept_seconds=KEPT) for _ in range(3)]
    await asyncio.gather(*(one.sweep() for one in sweeps))
    # One may have passed over what another had in hand.
    await sweeps[0].sweep()
    assert await kept(local, [*keys, f"{folder}64.webp"]) == [False] * (len(keys) + 1)
    assert (await uploads_of(sessions), await listed(sessions)) == (set(), set())


async def test_a_removal_counts_from_the_commit_on(sessions: Sessions, local: LocalStorage) -> None:
    key = new_key("avatars")
    await put(local, key, b"x")
    with suppress(ZeroDivisionError):
        async with sessions.write() as tx:
            await remove_later(tx, key)
            raise ZeroDivisionError
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert await kept(local, [key]) == [True]


async def test_nothing_but_a_key_can_be_listed(sessions: Sessions) -> None:
    for wrong in ("", "avatars/", "../x", "avatars/../x/", f"{new_key('avatars')}//"):
        with pytest.raises(ValueError, match="key"):
            async with sessions.write() as tx:
                await remove_later(tx, new_key("avatars"), wrong)
    assert await listed(sessions) == set()


async def test_what_is_reserved_and_kept_stays(sessions: Sessions, local: LocalStorage) -> None:
    key = new_key("avatars")
    async with sessions.write() as tx:
        await reserve(tx, key)
    await put(local, key, b"x")
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    async with sessions.write() as tx:
        await keep(tx, key)
    await let_removals_be_due(sessions)
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert await kept(local, [key]) == [True]


async def test_what_was_reserved_for_too_long_goes_and_cannot_be_kept(sessions: Sessions, local: LocalStorage) -> None:
    key = new_key("avatars")
    async with sessions.write() as tx:
        await reserve(tx, key)
    await put(local, key, b"x")
    await let_removals_be_due(sessions)
    async with sessions.write() as tx:
        await tx.all(queries.begin_due(10, 300))  # as a sweep does that is under way
    with pytest.raises(StorageUnavailable):
        async with sessions.write() as tx:
            await keep(tx, key)
    await let_removals_be_due(sessions)
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert await kept(local, [key]) == [False]


async def test_what_is_given_up_while_it_is_reserved_goes_at_once(sessions: Sessions, local: LocalStorage) -> None:
    key = new_key("avatars")
    async with sessions.write() as tx:
        await reserve(tx, key)
    await put(local, key, b"x")
    async with sessions.write() as tx:
        await remove_later(tx, key)
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert await kept(local, [key]) == [False]


async def test_what_is_listed_anew_while_it_is_removed_is_not_forgotten(sessions: Sessions) -> None:
    key = new_key("uploads")
    async with sessions.write() as tx:
        await remove_later(tx, key)
    async with sessions.write() as tx:
        assert [tuple(row) for row in await tx.all(queries.begin_due(10, 300))] == [(key, 1)]
        assert await tx.all(queries.begin_due(10, 300)) == []
    async with sessions.write() as tx:
        await remove_later(tx, key)
    async with sessions.write() as tx:
        await tx.execute(queries.removed(key))
    assert await listed(sessions) == {key}


async def test_a_store_that_is_away_keeps_the_list(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    folder, port, key = tmp_path / "store", free_port(), new_key("avatars")
    folder.mkdir()
    with running(folder, port) as server:
        settings = settings_for(database_url, tmp_path, **server.settings)
        async with open_storage(settings) as storage:
            await put(storage, f"{key}/64.webp", b"x")
            upload = await announce(sessions, storage, expired_seconds=10 * KEPT)
    async with sessions.write() as tx:
        await remove_later(tx, f"{key}/")
    async with open_storage(settings) as storage:
        sweep = BlobSweep(sessions, storage, kept_seconds=KEPT)
        await sweep.sweep()
        assert await listed(sessions) == {f"{key}/", upload}
        # Not before their next try.
        await sweep.sweep()
        async with sessions.read() as reader:
            assert [attempts for (attempts,) in await reader.all(select(BlobRemoval.attempts))] == [1, 1]
        await let_removals_be_due(sessions)
        with running(folder, port):
            assert await kept(storage, [f"{key}/64.webp", upload]) == [True, True]
            await sweep.sweep()
            assert await kept(storage, [f"{key}/64.webp", upload]) == [False, False]
        assert await listed(sessions) == set()


async def test_what_a_killed_put_left_goes_after_an_hour(
    sessions: Sessions, tmp_path: Path, local: LocalStorage
) -> None:
    arriving = tmp_path / "blobs" / ".arriving"
    arriving.mkdir(parents=True)
    for name in ("old", "new"):
        (arriving / name).write_text("half")
    os.utime(arriving / "old", (0, 0))
    await BlobSweep(sessions, local, kept_seconds=KEPT).sweep()
    assert [path.name for path in arriving.iterdir()] == ["new"]


async def test_the_server_sweeps_by_itself_whatever_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_SECONDS", 0.02)
    blobs = settings.data_dir / "blobs"
    async with serving(settings, work=False) as server:
        sessions, storage = server.services.database, server.services.storage
        blobs.write_text("no folder")
        async with sessions.write() as tx:
            await remove_later(tx, new_key("avatars"))

        async def has_swept() -> bool:
            return await listed(sessions) == set()

        await until(has_swept)  # there was nothing to remove, but arriving files cannot be looked for
        blobs.unlink()
        key = await announce(sessions, storage, expired_seconds=48 * 3600)

        async def is_swept() -> bool:
            return await kept(storage, [key]) == [False]

        await until(is_swept)
