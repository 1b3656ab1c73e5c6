"""Statements about the accounts of people who come in with Google."""

from typing import NamedTuple

from sqlalchemy import Select, Update, case, func, or_, select, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db.engine import DialectName
from db.models.tables import User
from db.queries.dialects import insert_into
from db.types import AnySelect


class AccountRow(NamedTuple):
    user_id: int
    email: str
    email_verified: bool
    password_hash: str | None
    google_subject: str | None


def find(subject: str, email: str | None) -> AnySelect:
    """AccountRows: Google's name decides, and the address only where nobody has that name."""
    is_theirs = User.google_subject == subject
    columns = (User.id, User.email, User.email_verified, User.password_hash, User.google_subject)
    return select(*columns).where(or_(is_theirs, User.email == email)).order_by(case((is_theirs, 0), else_=1)).limit(1)


def add(subject: str, email: str, name: str, *, email_verified: bool, dialect: DialectName) -> ReturningInsert[int]:
    """Answers no row when the address or Google's name for the user is taken."""
    return (
        insert_into(User, dialect)
        .values(google_subject=subject, email=email, name=name, email_verified=email_verified)
        .on_conflict_do_nothing()
        .returning(User.id)
    )


def hold(user_id: int, subject: str) -> Select[int]:
    """Answers no row when the account is not the subject's any more; otherwise it stays theirs until the commit."""
    is_theirs = (User.id == user_id, User.google_subject == subject)
    return select(User.id).where(*is_theirs).with_for_update(key_share=True)


def link(seen: AccountRow, subject: str, *, email_verified: bool, is_strangers: bool) -> ReturningUpdate[int]:
    """Of a stranger's account the password and the picture go.

    Answers no row when what was seen of the account has changed, or it was linked meanwhile.
    """
    return (
        update(User)
        .where(
            User.id == seen.user_id,
            User.google_subject.is_not_distinct_from(seen.google_subject),
            User.email == seen.email,
            User.email_verified == seen.email_verified,
            User.password_hash.is_not_distinct_from(seen.password_hash),
        )
        .values(
            google_subject=subject,
            email_verified=email_verified,
            password_hash=None if is_strangers else User.password_hash,
            picture_url=None if is_strangers else User.picture_url,
        )
        .returning(User.id)
    )


def fill_profile(user_id: int, name: str, picture_url: str | None) -> Update:
    """The name where there is none, and the picture where there is a new one; otherwise nothing is touched."""
    is_nameless = func.coalesce(User.name, "") == ""
    has_other = User.picture_url.is_distinct_from(picture_url) if picture_url else is_nameless
    return (
        update(User)
        .where(User.id == user_id, or_(is_nameless, has_other))
        .values(name=case((is_nameless, name), else_=User.name), picture_url=picture_url or User.picture_url)
    )
