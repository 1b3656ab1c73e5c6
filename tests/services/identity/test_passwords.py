"""Password hashing: with which parameters, off the event loop, and only so many at once."""

import asyncio
import os

import bcrypt
import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from services import slots
from services.errors import Overloaded
from services.identity import passwords as hashing
from services.identity.passwords import HASHER, Checked, Passwords
from tests.conditions import until

CORES = os.cpu_count() or 1


@pytest.mark.asyncio
async def test_hashes_with_argon2id_and_a_salt_of_its_own() -> None:
    passwords = Passwords()
    first, second = await asyncio.gather(passwords.hash("correct horse"), passwords.hash("correct horse"))
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    for stored in (first, second):
        assert await passwords.verify("correct horse", stored)


@pytest.mark.asyncio
async def test_takes_a_password_as_it_is() -> None:
    passwords = Passwords()
    stored = await passwords.hash(" correct é\n ")
    assert await passwords.verify(" correct é\n ", stored)
    for other in ("correct é", " correct é\n", " CORRECT É\n ", " correct e\u0301\n ", ""):
        assert not await passwords.verify(other, stored)


@pytest.mark.asyncio
async def test_without_a_hash_nothing_fits() -> None:
    passwords = Passwords()
    # Not even what is compared in its place.
    for guess in ("a password that nobody has", ""):
        assert not await passwords.verify(guess, None)
    for damaged in ("", "garbage", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$" + "x" * 53):
        assert not await passwords.verify("correct horse", damaged)


@pytest.mark.asyncio
async def test_a_hash_of_other_making_is_replaced_once_it_fits() -> None:
    passwords = Passwords()
    old = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    another = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.I).hash("correct horse")
    for stored in (old, weaker, another):
        assert await passwords.check("wrong horse", stored) == Checked(fits=False)
        checked = await passwords.check("correct horse", stored)
        assert checked.fits
        assert checked.replacement is not None
        assert not HASHER.check_needs_rehash(checked.replacement)
        assert await passwords.check("correct horse", checked.replacement) == Checked(fits=True)


@pytest.mark.asyncio
async def test_a_hash_that_would_take_too_much_fits_nothing() -> None:
    passwords = Passwords()
    salt, key = "c29tZXNhbHQ", "A" * 43
    for cost in ("m=4194304,t=2,p=1", "m=19456,t=999999,p=1", "m=65536,t=2,p=8192", "m=99999999999,t=2,p=1"):
        assert not await passwords.verify("correct horse", f"$argon2id$v=19${cost}${salt}${key}")


@pytest.mark.asyncio
async def test_an_unknown_account_costs_as_much_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    checked: list[str] = []
    check = hashing._check

    def check_and_note(against: str, password: str) -> Checked:
        checked.append(against)
        return check(against, password)

    monkeypatch.setattr(hashing, "_check", check_and_note)
    assert not await passwords.verify("wrong horse", stored)
    assert not await passwords.verify("wrong horse", None)
    known, unknown = (extract_parameters(against) for against in checked)
    assert known == unknown


@pytest.mark.asyncio
async def test_the_event_loop_goes_on_meanwhile() -> None:
    passwords = Passwords()
    async with asyncio.TaskGroup() as group:
        hashing_task = group.create_task(passwords.hash("correct horse"))
        beats = 0
        while not hashing_task.done():
            await asyncio.sleep(0)
            beats += 1
    assert beats > 10


@pytest.mark.asyncio
async def test_who_waits_too_long_is_told_and_the_next_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0.02)
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    answers = await asyncio.gather(
        *(passwords.verify("correct horse", stored) for _ in range(40 * CORES)), return_exceptions=True
    )
    kinds = {type(answer) for answer in answers}
    assert kinds == {bool, Overloaded}
    assert all(answer is True for answer in answers if isinstance(answer, bool))
    assert await passwords.verify("correct horse", stored)


@pytest.mark.asyncio
async def test_a_client_that_gives_up_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "WAIT_SECONDS", 10)
    passwords = Passwords()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(passwords.hash("correct horse")) for _ in range(4 * CORES)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()

    async def is_free() -> bool:
        return await passwords.verify("x", None) is False

    await until(is_free)
