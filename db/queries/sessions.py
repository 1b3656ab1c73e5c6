"""Statements about sign-in sessions and their refresh tokens."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, Update, insert, select, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db import clock
from db.models.tables import RefreshToken, Session


class RefreshTokenRow(NamedTuple):
    session_id: int
    user_id: int
    is_used: bool


def start(user_id: int, address: str, user_agent: str | None) -> ReturningInsert[int]:
    return insert(Session).values(user_id=user_id, address=address, user_agent=user_agent).returning(Session.id)


def is_active(session_id: int, user_id: int) -> Select[int]:
    return select(Session.id).where(Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None))


def standing(session_ids: Collection[int]) -> Select[int]:
    """Which of them have not been ended; bound them, since each is a parameter."""
    return select(Session.id).where(Session.id.in_(session_ids), Session.revoked_at.is_(None))


def revoke(session_id: int) -> Update:
    return update(Session).where(Session.id == session_id, Session.revoked_at.is_(None)).values(revoked_at=clock.now())


def add_refresh_token(token_hash: str, session_id: int, lifetime_seconds: float) -> ReturningInsert[datetime]:
    return (
        insert(RefreshToken)
        .values(token_hash=token_hash, session_id=session_id, expires_at=clock.seconds_from_now(lifetime_seconds))
        .returning(RefreshToken.expires_at)
    )


def spend_refresh_token(token_hash: str) -> ReturningUpdate[int]:
    """Use the token up; of many at once exactly one gets its session's id back."""
    return (
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > clock.now(),
            RefreshToken.session_id.in_(select(Session.id).where(Session.revoked_at.is_(None))),
        )
        .values(used_at=clock.now())
        .returning(RefreshToken.session_id)
    )


def refresh_token(token_hash: str) -> Select[int, int, bool]:
    return (
        select(RefreshToken.session_id, Session.user_id, RefreshToken.used_at.is_not(None))
        .join(Session, Session.id == RefreshToken.session_id)
        .where(RefreshToken.token_hash == token_hash)
    )
