"""Statements about conversations, their messages, and the daily quota."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, func, insert, select, update
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from db import clock
from db.engine import DialectName
from db.models.tables import Conversation, Message, QuotaCounter, Video
from db.paging import Order, PageRequest, pages_by
from db.queries.dialects import insert_into
from db.types import AnyReturning, AnySelect

AnyUpdate = ReturningUpdate[*tuple[Any, ...]]


class ConversationRow(NamedTuple):
    id: int
    video_id: int
    title: str | None
    created_at: datetime
    updated_at: datetime


class MessageRow(NamedTuple):
    id: int
    conversation_id: int
    role: str
    content: str
    status: str
    citations: list[dict[str, object]]
    model: str | None
    error_code: str | None
    reply_to_id: int | None
    created_at: datetime


CONVERSATION_COLUMNS = (
    Conversation.id,
    Conversation.video_id,
    Conversation.title,
    Conversation.created_at,
    Conversation.updated_at,
)
MESSAGE_COLUMNS = (
    Message.id,
    Message.conversation_id,
    Message.role,
    Message.content,
    Message.status,
    Message.citations,
    Message.model,
    Message.error_code,
    Message.reply_to_id,
    Message.created_at,
)
NEWEST_FIRST = Order(columns=(Conversation.created_at, Conversation.id), descending=True)
OLDEST_FIRST = Order(columns=(Message.created_at, Message.id))


def owned_by(user_id: int | None, guest_hash: str | None) -> ColumnElement[bool]:
    if user_id is not None:
        return Conversation.user_id == user_id
    return Conversation.guest_hash == guest_hash


def conversations(owned: ColumnElement[bool]) -> AnySelect:
    return select(*CONVERSATION_COLUMNS).where(owned)


def conversations_by_ids(owned: ColumnElement[bool], ids: Sequence[int]) -> AnySelect:
    return conversations(owned).where(Conversation.id.in_(ids))


def count_conversations(owned: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Conversation).where(owned)


def conversation_pages_by_video(owned: ColumnElement[bool], ids: Sequence[int], request: PageRequest) -> AnySelect:
    statement = conversations(owned).where(Conversation.video_id.in_(ids))
    return pages_by(Conversation.video_id, statement, NEWEST_FIRST, request)


def count_conversations_by_video(owned: ColumnElement[bool], ids: Sequence[int]) -> Select[int, int]:
    return (
        select(Conversation.video_id, func.count())
        .where(owned, Conversation.video_id.in_(ids))
        .group_by(Conversation.video_id)
    )


def add_conversation(video_id: int, user_id: int | None, guest_hash: str | None, title: str | None) -> AnyReturning:
    return (
        insert(Conversation)
        .values(video_id=video_id, user_id=user_id, guest_hash=guest_hash, title=title)
        .returning(*CONVERSATION_COLUMNS)
    )


def touch_conversation(owned: ColumnElement[bool], conversation_id: int) -> AnyUpdate:
    """Keeps other questions, claims and deletion away until the transaction ends; no row when it is gone."""
    return (
        update(Conversation)
        .where(owned, Conversation.id == conversation_id)
        .values(updated_at=clock.now())
        .returning(*CONVERSATION_COLUMNS)
    )


def rename_conversation(owned: ColumnElement[bool], conversation_id: int, title: str) -> AnyUpdate:
    return (
        update(Conversation)
        .where(owned, Conversation.id == conversation_id)
        .values(title=title)
        .returning(*CONVERSATION_COLUMNS)
    )


def lock_conversation(owned: ColumnElement[bool], conversation_id: int) -> Select[int]:
    """As `touch_conversation` does, without a change."""
    return select(Conversation.id).where(owned, Conversation.id == conversation_id).with_for_update(key_share=True)


def delete_conversation(conversation_id: int) -> Delete:
    """And with it its messages, and what the search knows of them."""
    return delete(Conversation).where(Conversation.id == conversation_id)


def claim_conversations(user_id: int, guest_hash: str) -> Update:
    """Make all of a guest's conversations a user's. They are as old as they were."""
    return (
        update(Conversation)
        .where(Conversation.guest_hash == guest_hash)
        .values(user_id=user_id, guest_hash=None, updated_at=Conversation.updated_at)
    )


def messages_by_ids(owned: ColumnElement[bool], ids: Sequence[int]) -> AnySelect:
    return (
        select(*MESSAGE_COLUMNS)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(owned, Message.id.in_(ids))
    )


def message(message_id: int) -> AnySelect:
    """Whoever's it is: for the worker, not for callers."""
    return select(*MESSAGE_COLUMNS).where(Message.id == message_id)


def message_pages_by_conversation(ids: Sequence[int], request: PageRequest) -> AnySelect:
    statement = select(*MESSAGE_COLUMNS).where(Message.conversation_id.in_(ids))
    return pages_by(Message.conversation_id, statement, OLDEST_FIRST, request)


def count_messages_by_conversation(ids: Sequence[int]) -> Select[int, int]:
    return (
        select(Message.conversation_id, func.count())
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
    )


def video_of_message(message_id: int) -> Select[int]:
    return (
        select(Conversation.video_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id == message_id)
    )


def user_of_message(message_id: int) -> Select[int | None]:
    """Null for a guest's."""
    return (
        select(Conversation.user_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id == message_id)
    )


def videos_of_conversations(ids: Sequence[int]) -> Select[int, str, bool]:
    return (
        select(Conversation.id, Video.youtube_id, Video.is_sample)
        .join(Video, Video.id == Conversation.video_id)
        .where(Conversation.id.in_(ids))
    )


class NewMessage(NamedTuple):
    conversation_id: int
    role: str
    content: str
    status: str
    reply_to_id: int | None = None


def add_message(message: NewMessage) -> AnyReturning:
    return insert(Message).values(**message._asdict()).returning(*MESSAGE_COLUMNS)


def begin_reply(message_id: int, status: str, model: str) -> Update:
    return update(Message).where(Message.id == message_id).values(status=status, model=model)


def end_reply(
    message_id: int, status: str, content: str, citations: Sequence[dict[str, object]], error_code: str | None
) -> Update:
    return (
        update(Message)
        .where(Message.id == message_id)
        .values(status=status, content=content, citations=list(citations), error_code=error_code)
    )


def take_quota(owner: str, day: str, limit: int, dialect: DialectName) -> ReturningInsert[int]:
    """Count one message, unless that would pass the limit (at least 1): answers the new count, or no row."""
    return (
        insert_into(QuotaCounter, dialect)
        .values(owner=owner, day=day, used=1)
        .on_conflict_do_update(
            index_elements=[QuotaCounter.owner, QuotaCounter.day],
            set_={"used": QuotaCounter.used + 1},
            where=QuotaCounter.used < limit,
        )
        .returning(QuotaCounter.used)
    )


def quotas_used(owners: Sequence[str], day: str) -> Select[str, int]:
    return select(QuotaCounter.owner, QuotaCounter.used).where(QuotaCounter.owner.in_(owners), QuotaCounter.day == day)


def refund_quota(owner: str, day: str) -> Update:
    return (
        update(QuotaCounter)
        .where(QuotaCounter.owner == owner, QuotaCounter.day == day, QuotaCounter.used > 0)
        .values(used=QuotaCounter.used - 1)
    )
