"""A process that is killed at each step of an upload's life, one after the other. Run as a program, by test_kills.

Each fork goes one step further than the one before, until one gets to the end.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

from sqlalchemy import select, update

from db import clock
from db.engine import open_engines
from db.models.tables import Upload, User
from db.sessions import Sessions
from services.identity.keys import Keyring
from services.settings import Settings
from services.storage.opening import open_storage
from services.storage.removal import keep, remove_later, reserve
from services.storage.storage import Storage, new_key
from services.storage.sweep import ARRIVING_SECONDS, BlobSweep
from services.uploads import UploadPurpose, UploadService, claim
from tests.settings import SECRET_KEY, settings_for

FILE = b"x" * 3_000
FILE_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
MOST_STEPS = 200


class Countdown:
    """Kills this process at one of its steps."""

    def __init__(self, steps: int, folder: Path) -> None:
        self._left = steps
        self._folder = str(folder)

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """What is done to files, each time just before."""
        if event in FILE_EVENTS and str(arguments[0]).startswith(self._folder):
            self.step()


class Life:
    """Of one upload: announced, sent, used for a user's picture, and swept."""

    def __init__(self, database: Sessions, storage: Storage, countdown: Countdown) -> None:
        self._database = database
        self._storage = storage
        self._countdown = countdown
        keyring = Keyring(SECRET_KEY.encode())
        self._uploads = UploadService(database, storage, keyring, open_seconds=60, kept_seconds=60)

    async def live(self, user_id: int) -> None:
        step = self._countdown.step
        async with self._database.write() as tx:
            # Those of the lives before would be too many at once: the oldest gives way.
            await tx.execute(update(Upload).values(expires_at=clock.seconds_from_now(-ARRIVING_SECONDS - 1)))
        step()
        new = await self._uploads.create(
            user_id,
            purpose=UploadPurpose.AVATAR,
            filename="me.png",
            content_type="image/png",
            size_bytes=len(FILE),
            base_url="http://here",
        )
        step()
        await self._uploads.receive(new.row, self._chunks())
        step()
        row = await self._uploads.waiting(user_id, new.row.id, UploadPurpose.AVATAR)
        await self._use(user_id, row.id)
        step()
        await BlobSweep(self._database, self._storage, kept_seconds=60).sweep()
        step()

    async def _use(self, user_id: int, upload_id: int) -> None:
        step, folder = self._countdown.step, new_key("avatars") + "/"
        async with self._database.write() as tx:
            await reserve(tx, folder)
            step()
        step()
        for name in ("64.webp", "512.webp"):
            await self._storage.put(f"{folder}{name}", self._chunks(), content_type="image/webp", limit=len(FILE))
            step()
        async with self._database.write() as tx:
            await keep(tx, folder)
            upload = await claim(tx, user_id, upload_id, UploadPurpose.AVATAR)
            step()
            before = await tx.scalar(select(User.avatar_key).where(User.id == user_id))
            await tx.execute(update(User).where(User.id == user_id).values(avatar_key=folder))
            await remove_later(tx, upload.storage_key, *([before] if before else []))
            step()

    async def _chunks(self) -> AsyncGenerator[bytes]:
        self._countdown.step()
        yield FILE[:1_000]
        self._countdown.step()
        yield FILE[1_000:]


async def live(settings: Settings, user_id: int, countdown: Countdown) -> None:
    engines = open_engines(settings.database_url, pool_size=2)
    async with open_storage(settings) as storage:
        sys.addaudithook(countdown.hear)
        await Life(Sessions(engines, on_commit=lambda _: None), storage, countdown).live(user_id)
    await engines.close()


def main() -> None:
    """Prints how many steps there are."""
    database_url, folder, changes, user_id = sys.argv[1:]
    settings = settings_for(database_url, Path(folder), **json.loads(changes))
    for steps in range(MOST_STEPS):
        child = os.fork()
        if child == 0:
            asyncio.run(live(settings, int(user_id), Countdown(steps, Path(folder))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(steps)  # noqa: T201  what this program is for
            sys.exit(os.WEXITSTATUS(status))
    sys.exit("It never came to its end.")


if __name__ == "__main__":
    main()
