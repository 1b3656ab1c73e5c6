"""Sessions as the services see them: how soon the end of one is noticed."""

import asyncio
from datetime import timedelta

import pytest
from cachetools import TTLCache

from db.queries import users as user_queries
from db.sessions import Sessions
from services.identity.devices import Device
from services.identity.keys import Keyring
from services.identity.passwords import Passwords
from services.identity.sessions import ACTIVE_CACHE_SECONDS, SessionService, SignedIn
from services.identity.tokens import AccessTokens

KEY = b"a key for these tests, of more than 32 bytes"


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def build(database: Sessions) -> SessionService:
    """The service of one process."""
    return SessionService(database, Passwords(), AccessTokens(Keyring(KEY), timedelta(hours=1)), timedelta(days=1))


async def sign_in(database: Sessions, service: SessionService, email: str = "ada@example.com") -> tuple[SignedIn, int]:
    """A new user with the id of a session."""
    async with database.write() as tx:
        user_id = await tx.scalar(user_queries.add(email, "Ada", "x", database.dialect))
        assert user_id is not None
        signed_in = await service.start(tx, user_id, Device(address="127.0.0.1"))
    claims = AccessTokens(Keyring(KEY), timedelta(hours=1)).verify(signed_in.tokens.access.text)
    return signed_in, claims.session_id


@pytest.mark.asyncio
async def test_this_process_notices_the_end_of_a_session_at_once(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    assert await service.is_active(session_id, signed_in.user.id)
    await service.revoke(session_id)
    assert not await service.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_another_process_notices_within_five_seconds(sessions: Sessions) -> None:
    here, there = build(sessions), build(sessions)
    now = Clock()
    there._active = TTLCache[int, bool, float](maxsize=10, ttl=ACTIVE_CACHE_SECONDS, timer=now)
    signed_in, session_id = await sign_in(sessions, here)
    assert await there.is_active(session_id, signed_in.user.id)
    await here.revoke(session_id)
    now.seconds = 5
    assert not await there.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_who_looks_while_a_session_ends_does_not_keep_it_alive(sessions: Sessions) -> None:
    service = build(sessions)
    for number in range(20):
        signed_in, session_id = await sign_in(sessions, service, f"{number}@example.com")
        await asyncio.gather(
            service.revoke(session_id), *(service.is_active(session_id, signed_in.user.id) for _ in range(5))
        )
        assert not await service.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_a_session_is_of_its_user_alone(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    assert not await service.is_active(session_id, signed_in.user.id + 1)
    assert not await build(sessions).is_active(session_id + 1, signed_in.user.id)
