"""Statements about users' avatars."""

from sqlalchemy import Select, Update, select, update

from db.models.tables import User


def shown(user_id: int) -> Select[str | None, str | None]:
    """The folder and the name; no row for a user who is gone."""
    return select(User.avatar_key, User.name).where(User.id == user_id)


def lock(user_id: int) -> Select[str | None]:
    """The folder, which nobody else replaces before the transaction ends."""
    return select(User.avatar_key).where(User.id == user_id).with_for_update()


def replace(user_id: int, key: str | None) -> Update:
    return update(User).where(User.id == user_id).values(avatar_key=key)
