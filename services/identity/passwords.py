"""Password hashing: Argon2id with the parameters of OWASP's password storage sheet, off the event loop.

What old systems stored is verified, too, and replaced when its owner next signs in (see legacy_hashes).
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError

from services.identity import legacy_hashes
from services.slots import Slots

# m=19456 KiB, t=2, p=1: a quarter of the time and a third of the memory of the library's own defaults.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# A stored hash that takes more is taken for damaged: it would hold up a thread, and take its memory.
MOST_KIB_PASSES = 1 << 20
MOST_LANES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    fits: bool
    replacement: str | None = None
    """What to store in place of a hash that fits, and was not made as we make them today."""


class Passwords:
    """At most one hash a core at a time; who waits longer than two seconds is told that the server is busy."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        self._slots = Slots(cores)
        # A caller that goes away frees its slot, but not the thread that still hashes for it.
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="passwords")
        # Checked when the account is unknown, so that its sign-in takes as long as any other.
        self._decoy = HASHER.hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        async with self._slots.one():
            return await asyncio.get_running_loop().run_in_executor(self._threads, HASHER.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password fits; with no stored hash, False after as long a time."""
        return (await self.check(password, stored)).fits

    async def check(self, password: str, stored: str | None) -> Checked:
        """As `verify`, and with a new hash in place of one that should not be kept."""
        async with self._slots.one():
            against = stored or self._decoy
            checked = await asyncio.get_running_loop().run_in_executor(self._threads, _check, against, password)
        return checked if stored else Checked(fits=False)


def _check(stored: str, password: str) -> Checked:
    if not stored.startswith("$argon2"):
        is_right = legacy_hashes.fits(stored, password)
        return Checked(fits=is_right, replacement=HASHER.hash(password) if is_right else None)
    try:
        cost = extract_parameters(stored)
        if cost.memory_cost * cost.time_cost > MOST_KIB_PASSES or cost.parallelism > MOST_LANES:
            return Checked(fits=False)
        HASHER.verify(stored, password)
        return Checked(fits=True, replacement=HASHER.hash(password) if HASHER.check_needs_rehash(stored) else None)
    except (Argon2Error, InvalidHashError, ValueError):
        return Checked(fits=False)
