"""Statements about sign-in sessions and their refresh tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Delete, Select, Update, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db import clock
from db.models.tables import RefreshToken, Session, User
from db.paging import Order, PageRequest, page_of
from db.types import AnySelect

DAY_SECONDS = 24 * 60 * 60
KEEP_TOKENS_SECONDS = DAY_SECONDS
"""After they stopped being worth anything."""
KEEP_SESSIONS_SECONDS = 30 * DAY_SECONDS
"""After their end."""
KNOWN_ADDRESS_SECONDS = 30 * DAY_SECONDS
"""So long an address counts as one of the user's after a session began there."""


class SessionRow(NamedTuple):
    id: int
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class SessionOwnerRow(NamedTuple):
    session_id: int
    user_id: int


class SpentTokenRow(NamedTuple):
    session_id: int
    user_id: int
    is_replayed: bool
    """Whether it comes again so late that no race of the owner's own explains it."""


class FamiliarRow(NamedTuple):
    """What an account has to do with the place that somebody signs in from."""

    has_session: bool
    has_address: bool


COLUMNS = (Session.id, Session.user_agent, Session.created_at, Session.last_used_at, Session.expires_at)
NEWEST_FIRST = Order(columns=(Session.created_at, Session.id), descending=True)


def stands() -> ColumnElement[bool]:
    return Session.revoked_at.is_(None) & or_(Session.expires_at.is_(None), Session.expires_at > clock.now())


def start(user_id: int, address: str, user_agent: str | None, lifetime_seconds: float) -> ReturningInsert[int]:
    ends = clock.seconds_from_now(lifetime_seconds)
    values = {"user_id": user_id, "address": address, "user_agent": user_agent, "expires_at": ends}
    return insert(Session).values(values).returning(Session.id)


def is_active(session_id: int, user_id: int) -> Select[int]:
    return select(Session.id).where(Session.id == session_id, Session.user_id == user_id, stands())


def standing(session_ids: Collection[int]) -> Select[int]:
    """Which of them have not ended; bound them, since each is a parameter."""
    return select(Session.id).where(Session.id.in_(session_ids), stands())


def by_ids(user_id: int, ids: Sequence[int]) -> AnySelect:
    return select(*COLUMNS).where(Session.user_id == user_id, Session.id.in_(ids), stands())


def page_of_user(user_id: int, request: PageRequest) -> AnySelect:
    return page_of(select(*COLUMNS).where(Session.user_id == user_id, stands()), NEWEST_FIRST, request)


def count_of_user(user_id: int) -> Select[int]:
    return select(func.count()).select_from(Session).where(Session.user_id == user_id, stands())


def familiar(email: str, session_id: int | None, address: str) -> Select[bool, bool]:
    """One row, whether or not there is such an account."""
    of_account = exists().where(Session.user_id == User.id, User.email == email)
    has_session = of_account.where(Session.id == session_id, Session.revoked_at.is_(None))
    recently = Session.created_at > clock.seconds_from_now(-KNOWN_ADDRESS_SECONDS)
    return select(has_session, of_account.where(Session.address == address, recently))


def revoke(session_id: int, user_id: int) -> ReturningUpdate[*tuple[Any, ...]]:
    """Answers no row when it does not stand, or is somebody else's."""
    return (
        update(Session)
        .where(Session.id == session_id, Session.user_id == user_id, stands())
        .values(revoked_at=clock.now())
        .returning(*COLUMNS)
    )


def revoke_all(user_id: int, *, but: int | None = None) -> ReturningUpdate[int]:
    """Answers the ids of those that it ended."""
    ended = update(Session).where(Session.user_id == user_id, stands()).values(revoked_at=clock.now())
    return (ended if but is None else ended.where(Session.id != but)).returning(Session.id)


def add_refresh_token(token_hash: str, session_id: int, lifetime_seconds: float) -> ReturningInsert[datetime]:
    """It does not outlive its session."""
    ends = clock.seconds_from_now(lifetime_seconds)
    earlier = case((Session.expires_at < ends, Session.expires_at), else_=ends)
    expires_at = select(earlier).where(Session.id == session_id).scalar_subquery()
    return (
        insert(RefreshToken)
        .values(token_hash=token_hash, session_id=session_id, expires_at=expires_at)
        .returning(RefreshToken.expires_at)
    )


def renew(token_hash: str, lifetime_seconds: float) -> ReturningUpdate[int, int]:
    """Mark the session of an unspent token as used, and hold it. One that had no end yet gets one.

    It comes before the token is spent, since a user's deletion, too, locks sessions before their tokens.
    """
    session_id = select(RefreshToken.session_id).where(
        RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_(None), RefreshToken.expires_at > clock.now()
    )
    ends = func.coalesce(Session.expires_at, clock.seconds_from_now(lifetime_seconds))
    return (
        update(Session)
        .where(Session.id == session_id.scalar_subquery(), stands())
        .values(last_used_at=clock.now(), expires_at=ends)
        .returning(Session.id, Session.user_id)
    )


def spend_refresh_token(token_hash: str) -> Update:
    """Use the token up; of many at once exactly one touches a row."""
    return (
        update(RefreshToken)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_(None))
        .values(used_at=clock.now())
    )


def spent_token(token_hash: str, grace_seconds: float) -> AnySelect:
    is_replayed = RefreshToken.used_at <= clock.seconds_from_now(-grace_seconds)
    return (
        select(RefreshToken.session_id, Session.user_id, is_replayed)
        .join(Session, Session.id == RefreshToken.session_id)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None))
    )


def purge_refresh_tokens() -> Delete:
    """Those that expired a day ago, and those of sessions that ended a day ago. Spent ones stay until then: they show theft."""
    before = clock.seconds_from_now(-KEEP_TOKENS_SECONDS)
    ended = select(Session.id).where(or_(Session.revoked_at < before, Session.expires_at < before))
    return delete(RefreshToken).where(or_(RefreshToken.expires_at < before, RefreshToken.session_id.in_(ended)))


def purge_sessions(access_seconds: float) -> Delete:
    """Those that ended a month ago.

    One without an end of its own has ended when its tokens have: none is left to renew it, and its last access token,
    good for so many seconds, is past.
    """
    before = clock.seconds_from_now(-KEEP_SESSIONS_SECONDS)
    cannot_go_on = Session.expires_at.is_(None) & ~exists().where(RefreshToken.session_id == Session.id)
    last_used = func.coalesce(Session.last_used_at, Session.created_at)
    is_forgotten = cannot_go_on & (last_used < clock.seconds_from_now(-KEEP_SESSIONS_SECONDS - access_seconds))
    return delete(Session).where(or_(Session.revoked_at < before, Session.expires_at < before, is_forgotten))
