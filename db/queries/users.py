"""Statements about users."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, Update, case, exists, or_, select, true, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db.engine import DialectName
from db.models.tables import ApiToken, User
from db.queries.dialects import insert_into
from db.types import AnySelect


class UserRow(NamedTuple):
    id: int
    email: str
    email_verified: bool
    name: str | None
    has_password: bool
    has_api_token: bool
    ai_notes_enabled: bool
    created_at: datetime
    picture_url: str | None
    avatar_key: str | None


class CredentialsRow(NamedTuple):
    user_id: int
    password_hash: str | None


COLUMNS = (
    User.id,
    User.email,
    User.email_verified,
    User.name,
    User.password_hash.is_not(None).label("has_password"),
    exists().where(ApiToken.user_id == User.id).label("has_api_token"),
    User.ai_notes_enabled,
    User.created_at,
    User.picture_url,
    User.avatar_key,
)


def by_id(user_id: int) -> AnySelect:
    return select(*COLUMNS).where(User.id == user_id)


def credentials(email: str) -> Select[int, str | None]:
    return select(User.id, User.password_hash).where(User.email == email)


def id_of(email: str) -> Select[int]:
    return select(User.id).where(User.email == email)


def credentials_of(user_id: int) -> Select[int, str | None]:
    return select(User.id, User.password_hash).where(User.id == user_id)


def lock(user_id: int) -> Select[int]:
    """Nobody changes or deletes the user before the transaction ends; no row when there is none."""
    return select(User.id).where(User.id == user_id).with_for_update(key_share=True)


def replace_password(user_id: int, password_hash: str, replacement: str) -> Update:
    """Touches no row when the first is not the user's password (any more)."""
    seen = (User.id == user_id, User.password_hash == password_hash)
    return update(User).where(*seen).values(password_hash=replacement)


def reset_password(user_id: int, password_hash: str) -> ReturningUpdate[str]:
    """By somebody who has proved that the address is theirs, which it answers.

    Whoever came with Google before the first proof may be somebody else.
    """
    return (
        update(User)
        .where(User.id == user_id)
        .values(
            password_hash=password_hash,
            email_verified=true(),
            google_subject=case((User.email_verified, User.google_subject)),
            picture_url=case((User.email_verified, User.picture_url)),
        )
        .returning(User.email)
    )


def verify_email(user_id: int) -> ReturningUpdate[str]:
    """Answers the address."""
    return update(User).where(User.id == user_id).values(email_verified=true()).returning(User.email)


def change(user_id: int, changes: Mapping[str, object]) -> Update:
    """Touches no row when nothing would be another than it is."""
    columns = {name: User.__table__.columns[name] for name in changes}
    differs = [columns[name].is_distinct_from(value) for name, value in changes.items()]
    return update(User).where(User.id == user_id, or_(*differs)).values(dict(changes))


def hold_password(user_id: int, password_hash: str) -> Select[int]:
    """Answers no row when the user has another password by now, or is gone; otherwise neither changes before the commit."""
    seen = (User.id == user_id, User.password_hash == password_hash)
    return select(User.id).where(*seen).with_for_update(key_share=True)


def replace_password_hash(user_id: int, password_hash: str) -> Update:
    return update(User).where(User.id == user_id).values(password_hash=password_hash)


def add(email: str, name: str, password_hash: str, dialect: DialectName) -> ReturningInsert[int]:
    """Answers no row when the e-mail is taken."""
    return (
        insert_into(User, dialect)
        .values(email=email, name=name, password_hash=password_hash)
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User.id)
    )
