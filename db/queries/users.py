"""Statements about users."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.sql.dml import ReturningInsert

from db.engine import DialectName
from db.models.tables import User
from db.queries.dialects import insert_into
from db.types import AnySelect


class UserRow(NamedTuple):
    id: int
    email: str
    email_verified: bool
    name: str | None
    has_password: bool
    ai_notes_enabled: bool
    created_at: datetime


class CredentialsRow(NamedTuple):
    user_id: int
    password_hash: str | None


COLUMNS = (
    User.id,
    User.email,
    User.email_verified,
    User.name,
    User.password_hash.is_not(None).label("has_password"),
    User.ai_notes_enabled,
    User.created_at,
)


def by_id(user_id: int) -> AnySelect:
    return select(*COLUMNS).where(User.id == user_id)


def credentials(email: str) -> Select[int, str | None]:
    return select(User.id, User.password_hash).where(User.email == email)


def add(email: str, name: str, password_hash: str, dialect: DialectName) -> ReturningInsert[int]:
    """Answers no row when the e-mail is taken."""
    return (
        insert_into(User, dialect)
        .values(email=email, name=name, password_hash=password_hash)
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User.id)
    )
