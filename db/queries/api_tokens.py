"""Statements about long-term API tokens."""

from collections.abc import Collection

from sqlalchemy import Delete, Insert, Select, delete, literal, select

from db.engine import DialectName
from db.models.tables import ApiToken, User
from db.queries.dialects import insert_into


def add(user_id: int, token_hash: str, dialect: DialectName) -> Insert:
    """Touches no row when the user has a token, or is gone."""
    row = select(User.id, literal(token_hash)).where(User.id == user_id)
    return (
        insert_into(ApiToken, dialect)
        .from_select([ApiToken.user_id, ApiToken.token_hash], row)
        .on_conflict_do_nothing(index_elements=[ApiToken.user_id])
    )


def remove(user_id: int) -> Delete:
    return delete(ApiToken).where(ApiToken.user_id == user_id)


def user_of(token_hash: str) -> Select[int]:
    return select(ApiToken.user_id).where(ApiToken.token_hash == token_hash)


def standing(token_hashes: Collection[str]) -> Select[str]:
    """Which of them there are; bound them, since each is a parameter."""
    return select(ApiToken.token_hash).where(ApiToken.token_hash.in_(token_hashes))
