"""Accounts that come from the old systems: they sign in as ever, and from then on their hash is one of ours."""

import asyncio
import base64
import hashlib

import bcrypt
import pytest
from sqlalchemy import select, update

from db.models.tables import User
from tests.accounts import member, register, sign_in, stored, succeeded
from tests.server import Server

SIX = "horse6"
"""As few characters as two of the old systems took."""


def horix(password: str) -> str:
    salt = b"sixteen bytes ok"
    return base64.b64encode(salt + hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 390_000)).decode()


def with_bcrypt(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


async def imported(server: Server, stored_hash: str) -> None:
    """Ada's account, with the hash that another system made."""
    succeeded(await register(server.nobody))
    async with server.services.database.write() as tx:
        await tx.execute(update(User).values(password_hash=stored_hash))


async def hash_of(server: Server) -> str:
    async with server.services.database.read() as reader:
        found = await reader.scalar(select(User.password_hash))
    assert found is not None
    return found


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "made", [horix(SIX), "$horix$" + horix(SIX), with_bcrypt(SIX)], ids=["bare", "horix", "bcrypt"]
)
async def test_the_first_sign_in_replaces_the_hash(idle_server: Server, made: str) -> None:
    nobody = idle_server.nobody
    await imported(idle_server, made)
    assert member(await sign_in(nobody, password="horse7"))["__typename"] == "InvalidCredentials"
    assert await hash_of(idle_server) == made

    succeeded(await sign_in(nobody, password=SIX))
    replaced = await hash_of(idle_server)
    assert replaced.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    succeeded(await sign_in(nobody, password=SIX))
    assert await hash_of(idle_server) == replaced
    assert member(await sign_in(nobody, password="horse7"))["__typename"] == "InvalidCredentials"
    assert (await stored(idle_server))["sessions"] == 3


@pytest.mark.asyncio
async def test_two_devices_sign_in_at_the_same_moment(idle_server: Server) -> None:
    await imported(idle_server, with_bcrypt(SIX))
    answers = await asyncio.gather(*(sign_in(idle_server.nobody, password=SIX) for _ in range(6)))
    for answer in answers:
        succeeded(answer)
    assert (await hash_of(idle_server)).startswith("$argon2id$")


@pytest.mark.asyncio
async def test_a_damaged_hash_is_a_wrong_password(idle_server: Server) -> None:
    refusal = {"__typename": "InvalidCredentials", "message": "Invalid email or password."}
    await imported(idle_server, "")
    for damaged in (
        "",
        "garbage",
        "0" * 64,
        "$2b$99$" + "a" * 53,
        "$argon2id$v=19$m=1,t=1,p=1$",
        "scrypt:3:1:1$a$" + "0" * 128,
    ):
        async with idle_server.services.database.write() as tx:
            await tx.execute(update(User).values(password_hash=damaged))
        assert member(await sign_in(idle_server.nobody, password=SIX)) == refusal
        assert await hash_of(idle_server) == damaged
