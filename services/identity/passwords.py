"""Password hashing: Argon2id with the parameters of OWASP's password storage sheet, off the event loop."""

import asyncio
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.errors import Overloaded

# m=19456 KiB, t=2, p=1: a quarter of the time and a third of the memory of the library's own defaults.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
WAIT_SECONDS = 2.0


class Passwords:
    """At most one hash a core at a time; who waits longer than two seconds is told that the server is busy."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        self._slots = asyncio.Semaphore(cores)
        # A caller that goes away frees its slot, but not the thread that still hashes for it.
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="passwords")
        # Checked when the account is unknown, so that its sign-in takes as long as any other.
        self._decoy = HASHER.hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        async with self._slot():
            return await asyncio.get_running_loop().run_in_executor(self._threads, HASHER.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password fits; with no stored hash, False after as long a time."""
        async with self._slot():
            against = stored or self._decoy
            fits = await asyncio.get_running_loop().run_in_executor(self._threads, _verify, against, password)
        return fits and stored is not None

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            raise Overloaded from None
        try:
            yield
        finally:
            self._slots.release()


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
