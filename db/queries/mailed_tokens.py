"""Statements about tokens that were sent by mail."""

from sqlalchemy import Delete, Insert, Select, delete, exists, insert, select
from sqlalchemy.sql.dml import ReturningDelete
from sqlalchemy.sql.elements import ColumnElement

from db import clock
from db.models.tables import MailedToken, User


def add(token_hash: str, user_id: int, purpose: str, email: str, lifetime_seconds: float) -> Insert:
    return insert(MailedToken).values(
        token_hash=token_hash,
        user_id=user_id,
        purpose=purpose,
        email=email,
        expires_at=clock.seconds_from_now(lifetime_seconds),
    )


def owner(token_hash: str, purpose: str) -> Select[int]:
    """Whose it is; no row when it is no good (any more)."""
    return select(MailedToken.user_id).where(*_good(token_hash, purpose))


def spend(token_hash: str, purpose: str) -> ReturningDelete[int]:
    """Use the token up; of many at once exactly one gets its owner's id back."""
    return delete(MailedToken).where(*_good(token_hash, purpose)).returning(MailedToken.user_id)


def remove(user_id: int, purpose: str | None = None) -> Delete:
    """Those of one purpose, or all that the user has."""
    theirs = delete(MailedToken).where(MailedToken.user_id == user_id)
    return theirs if purpose is None else theirs.where(MailedToken.purpose == purpose)


def purge() -> Delete:
    return delete(MailedToken).where(MailedToken.expires_at <= clock.now())


def _good(token_hash: str, purpose: str) -> tuple[ColumnElement[bool], ...]:
    still_theirs = exists().where(User.id == MailedToken.user_id, User.email == MailedToken.email)
    return (
        MailedToken.token_hash == token_hash,
        MailedToken.purpose == purpose,
        MailedToken.expires_at > clock.now(),
        still_theirs,
    )
