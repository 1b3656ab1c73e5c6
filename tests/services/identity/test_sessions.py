"""Sessions as the services see them: how soon the end of one is noticed, when it comes by itself, and what is cleared away."""

import asyncio
from datetime import timedelta

import pytest
from cachetools import TTLCache
from sqlalchemy import delete, func, select, update

from db import clock
from db.models.tables import RefreshToken, Session, User
from db.queries import sessions as queries
from db.queries import users as user_queries
from db.sessions import Sessions
from schema.transport.websocket.registry import WATCH_SECONDS
from services.errors import InvalidRefreshToken, NotFound
from services.identity.devices import Device
from services.identity.keys import Keyring
from services.identity.sessions import ACTIVE_CACHE_SECONDS, Lifetimes, SessionService, SignedIn
from services.identity.tokens import AccessTokens
from subscriptions.watching import RECHECK_SECONDS

KEY = b"a key for these tests, of more than 32 bytes"
ACCESS_TOKENS = AccessTokens(Keyring(KEY), timedelta(hours=1))
LIFETIMES = Lifetimes(refresh_token=timedelta(days=30), session=timedelta(days=90))
DEVICE = Device(address="127.0.0.1", user_agent="a browser")
DAY = 24 * 60 * 60


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def build(database: Sessions, lifetimes: Lifetimes = LIFETIMES) -> SessionService:
    """The service of one process."""
    return SessionService(database, ACCESS_TOKENS, lifetimes, lambda user: user.picture_url)


async def sign_in(database: Sessions, service: SessionService, email: str = "ada@example.com") -> tuple[SignedIn, int]:
    """A new user with the id of a session."""
    async with database.write() as tx:
        user_id = await tx.scalar(user_queries.add(email, "Ada", "x", database.dialect))
        assert user_id is not None
        signed_in = await service.start(tx, user_id, DEVICE)
    return signed_in, session_of(signed_in)


def session_of(signed_in: SignedIn) -> int:
    return ACCESS_TOKENS.verify(signed_in.tokens.access.text).session_id


async def rows(database: Sessions) -> tuple[int, int]:
    """Sessions and refresh tokens."""
    async with database.read() as reader:
        counts = [
            await reader.scalar(select(func.count()).select_from(table)) or 0 for table in (Session, RefreshToken)
        ]
    return counts[0], counts[1]


@pytest.mark.asyncio
async def test_this_process_notices_the_end_of_a_session_at_once(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    assert await service.is_active(session_id, signed_in.user.id)
    assert (await service.revoke(DEVICE, signed_in.user.id, session_id)).id == session_id
    assert not await service.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_another_process_notices_within_five_seconds(sessions: Sessions) -> None:
    # A stream looks at its caller only so often, and finds what was learnt for all of them shortly before.
    assert WATCH_SECONDS + RECHECK_SECONDS < 5
    assert ACTIVE_CACHE_SECONDS < 5
    here, there = build(sessions), build(sessions)
    now = Clock()
    there._active = TTLCache[int, bool, float](maxsize=10, ttl=ACTIVE_CACHE_SECONDS, timer=now)
    signed_in, session_id = await sign_in(sessions, here)
    assert await there.is_active(session_id, signed_in.user.id)
    await here.revoke(DEVICE, signed_in.user.id, session_id)
    now.seconds = ACTIVE_CACHE_SECONDS
    assert not await there.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_who_asks_for_many_sessions_answers_for_each(sessions: Sessions) -> None:
    here, there = build(sessions), build(sessions)
    ada, ended = await sign_in(sessions, here)
    eve, standing = await sign_in(sessions, here, "eve@example.com")
    assert await there.is_active(ended, ada.user.id)
    await here.revoke(DEVICE, ada.user.id, ended)
    assert await there.ended({ended, standing, 10**9}) == {ended, 10**9}
    assert not await there.is_active(ended, ada.user.id)
    assert there._active[standing]
    assert await there.is_active(standing, eve.user.id)


@pytest.mark.asyncio
async def test_who_looks_while_a_session_ends_does_not_keep_it_alive(sessions: Sessions) -> None:
    service = build(sessions)
    for number in range(20):
        signed_in, session_id = await sign_in(sessions, service, f"{number}@example.com")
        await asyncio.gather(
            service.revoke(DEVICE, signed_in.user.id, session_id),
            *(service.is_active(session_id, signed_in.user.id) for _ in range(5)),
            service.ended({session_id}),
        )
        assert not await service.is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_a_session_is_of_its_user_alone(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    eve, hers = await sign_in(sessions, service, "eve@example.com")
    assert not await build(sessions).is_active(session_id, eve.user.id)
    assert not await build(sessions).is_active(hers, signed_in.user.id)
    with pytest.raises(NotFound):
        await service.revoke(DEVICE, eve.user.id, session_id)
    assert await build(sessions).is_active(session_id, signed_in.user.id)


@pytest.mark.asyncio
async def test_the_sessions_of_a_deleted_user_have_ended(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    async with sessions.write() as tx:
        await tx.execute(delete(User))
    assert await service.ended({session_id}) == {session_id}
    assert not await build(sessions).is_active(session_id, signed_in.user.id)
    assert not await service.has_user(signed_in.user.id)


@pytest.mark.asyncio
async def test_a_session_ends_however_often_it_is_renewed(sessions: Sessions) -> None:
    service = build(sessions, Lifetimes(refresh_token=timedelta(days=30), session=timedelta(days=31)))
    signed_in, session_id = await sign_in(sessions, service)
    async with sessions.write() as tx:
        await tx.execute(update(Session).values(expires_at=clock.seconds_from_now(100)))
        ends = await tx.scalar(select(Session.expires_at))
    # A refresh token does not outlive its session, and renewing does not put the end off.
    renewed = await service.refresh(DEVICE, signed_in.tokens.refresh_token)
    assert renewed.tokens.refresh_token_expires_at == ends
    async with sessions.read() as reader:
        assert await reader.scalar(select(Session.expires_at)) == ends

    async with sessions.write() as tx:
        await tx.execute(update(Session).values(expires_at=clock.now()))
        await tx.execute(update(RefreshToken).values(expires_at=clock.seconds_from_now(100)))
    assert not await build(sessions).is_active(session_id, signed_in.user.id)
    assert await service.ended({session_id}) == {session_id}
    assert await service.count_of_user(signed_in.user.id) == 0
    with pytest.raises(InvalidRefreshToken):
        await service.refresh(DEVICE, renewed.tokens.refresh_token)
    assert await rows(sessions) == (1, 2)


@pytest.mark.asyncio
async def test_a_session_of_the_first_version_gets_an_end_when_it_is_renewed(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    async with sessions.write() as tx:
        await tx.execute(update(Session).values(expires_at=None))
    assert await service.is_active(session_id, signed_in.user.id)
    await service.refresh(DEVICE, signed_in.tokens.refresh_token)
    async with sessions.read() as reader:
        ends = await reader.scalar(select(Session.expires_at))
        used = await reader.scalar(select(Session.last_used_at))
    assert ends is not None
    assert used is not None
    assert (ends - used).total_seconds() == pytest.approx(90 * DAY, abs=2)


@pytest.mark.asyncio
async def test_tokens_of_no_use_are_cleared_away_and_spent_ones_kept(sessions: Sessions) -> None:
    service = build(sessions)
    signed_in, session_id = await sign_in(sessions, service)
    await service.refresh(DEVICE, signed_in.tokens.refresh_token)
    _, revoked = await sign_in(sessions, service, "eve@example.com")
    _, over = await sign_in(sessions, service, "bob@example.com")
    aged = [
        (Session.revoked_at, revoked, 0.9, 4),
        (Session.revoked_at, revoked, 1.1, 3),
        (Session.expires_at, over, 0.9, 3),
        (Session.expires_at, over, 1.1, 2),
    ]
    for column, which, days, left in aged:
        async with sessions.write() as tx:
            past = {column.key: clock.seconds_from_now(-days * DAY)}
            await tx.execute(update(Session).where(Session.id == which).values(past))
            await tx.execute(queries.purge_refresh_tokens())
        assert await rows(sessions) == (3, left)
    for days, left in ((0.9, 2), (1.1, 0)):
        async with sessions.write() as tx:
            spent = update(RefreshToken).where(RefreshToken.session_id == session_id)
            await tx.execute(spent.values(expires_at=clock.seconds_from_now(-days * DAY)))
            await tx.execute(queries.purge_refresh_tokens())
        assert await rows(sessions) == (3, left)


@pytest.mark.parametrize("name", ["revoked_at", "expires_at"])
@pytest.mark.asyncio
async def test_sessions_are_cleared_away_a_month_after_their_end(sessions: Sessions, name: str) -> None:
    service = build(sessions)
    await sign_in(sessions, service)
    _, standing = await sign_in(sessions, service, "eve@example.com")
    for days, left in ((29.9, 2), (30.1, 1)):
        async with sessions.write() as tx:
            past = {name: clock.seconds_from_now(-days * DAY)}
            await tx.execute(update(Session).where(Session.id != standing).values(past))
            await tx.execute(queries.purge_sessions(DAY))
        assert await rows(sessions) == (left, left)


@pytest.mark.asyncio
async def test_a_session_without_an_end_is_cleared_away_when_its_tokens_are_past(sessions: Sessions) -> None:
    service = build(sessions)
    await sign_in(sessions, service)
    async with sessions.write() as tx:
        await tx.execute(update(Session).values(expires_at=None, created_at=clock.seconds_from_now(-30.9 * DAY)))
        assert await tx.execute(queries.purge_sessions(DAY)) == 0
        await tx.execute(delete(RefreshToken))
        assert await tx.execute(queries.purge_sessions(DAY)) == 0
        await tx.execute(update(Session).values(created_at=clock.seconds_from_now(-31.1 * DAY)))
        assert await tx.execute(queries.purge_sessions(DAY)) == 1
