"""Statements about uploads."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from db import clock
from db.models.tables import Upload, User
from db.types import AnyReturning, AnySelect

PENDING = "PENDING"
CLAIMED = "CLAIMED"


class UploadRow(NamedTuple):
    id: int
    user_id: int | None
    purpose: str
    filename: str
    content_type: str
    size_bytes: int
    storage_key: str
    state: str
    is_open: bool
    """Pending, and its file may still be sent."""
    expires_at: datetime


IS_PENDING = Upload.state == PENDING
IS_OPEN = IS_PENDING & (Upload.expires_at > clock.now())
COLUMNS = (
    Upload.id,
    Upload.user_id,
    Upload.purpose,
    Upload.filename,
    Upload.content_type,
    Upload.size_bytes,
    Upload.storage_key,
    Upload.state,
    IS_OPEN.label("is_open"),
    Upload.expires_at,
)


def lock_user(user_id: int) -> Select[int]:
    """Whoever counts a user's uploads does so alone."""
    return select(User.id).where(User.id == user_id).with_for_update(key_share=True)


def pending(user_id: int) -> Select[int, datetime, datetime]:
    """How many uploads of the user nobody has used, when the URL of the first of them expires, and what time it is."""
    now: ColumnElement[datetime] = clock.now()
    return select(func.count(), func.min(Upload.expires_at), now).where(Upload.user_id == user_id, IS_PENDING)


def give_up_oldest(user_id: int, expired_seconds: float) -> ReturningDelete[str]:
    """Delete the user's oldest unused upload whose URL expired so long ago; answers its key, if there is one."""
    expired = select(Upload.id).where(Upload.user_id == user_id, IS_PENDING)
    expired = expired.where(Upload.expires_at <= clock.seconds_from_now(-expired_seconds))
    oldest = expired.order_by(Upload.expires_at, Upload.id).limit(1).with_for_update(skip_locked=True)
    return delete(Upload).where(Upload.id.in_(oldest)).returning(Upload.storage_key)


def add(
    *,
    user_id: int | None,
    purpose: str,
    filename: str,
    content_type: str,
    size_bytes: int,
    storage_key: str,
    open_seconds: float,
) -> AnyReturning:
    new = insert(Upload).values(
        user_id=user_id,
        purpose=purpose,
        filename=filename,
        content_type=content_type,
        size_bytes=size_bytes,
        storage_key=storage_key,
        expires_at=clock.seconds_from_now(open_seconds),
    )
    return new.returning(*COLUMNS)


def by_id(upload_id: int) -> AnySelect:
    return select(*COLUMNS).where(Upload.id == upload_id)


def waiting(user_id: int | None, upload_id: int, purpose: str, kept_seconds: float) -> AnySelect:
    """The owner's upload that nobody has used, and that the sweep will not take yet."""
    owned = select(*COLUMNS).where(*_to_be_used(user_id, upload_id, purpose))
    return owned.where(Upload.expires_at > clock.seconds_from_now(-kept_seconds))


def claim(user_id: int | None, upload_id: int, purpose: str) -> ReturningUpdate[*tuple[Any, ...]]:
    """Answers no row when somebody was faster."""
    free = update(Upload).where(*_to_be_used(user_id, upload_id, purpose))
    return free.values(state=CLAIMED).returning(*COLUMNS)


def disown(user_id: int) -> ReturningUpdate[str]:
    """Nobody's, and of no use to anybody; the rows stay until no file can arrive any more."""
    owned = update(Upload).where(Upload.user_id == user_id)
    return owned.values(user_id=None, filename="", state=CLAIMED).returning(Upload.storage_key)


def take_expired(kept_seconds: float, most: int) -> ReturningDelete[str]:
    """Delete uploads, used or not, whose URL expired so long ago; answers their keys."""
    expired = select(Upload.id).where(Upload.expires_at <= clock.seconds_from_now(-kept_seconds))
    expired = expired.order_by(Upload.expires_at).limit(most).with_for_update(skip_locked=True)
    return delete(Upload).where(Upload.id.in_(expired)).returning(Upload.storage_key)


def _to_be_used(user_id: int | None, upload_id: int, purpose: str) -> tuple[ColumnElement[bool], ...]:
    # IS compares null, too: the operator's uploads are the operator's alone.
    return Upload.id == upload_id, Upload.user_id.is_not_distinct_from(user_id), Upload.purpose == purpose, IS_PENDING
