"""Statements about the replies to a question: what they are to go on, who is writing them, and what keeps others away."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Delete, Select, String, and_, cast, delete, func, or_, select
from sqlalchemy.orm import aliased

from db.models.tables import Conversation, Message, Task, User
from db.models.tasks import LIVE
from db.queries.wiz import MESSAGE_COLUMNS
from db.types import AnySelect

ASSISTANT = "ASSISTANT"
UNENDED = ("PENDING", "STREAMING")


def unended(question_id: int) -> AnySelect:
    """The reply to the question that is still to come, if there is one."""
    return (
        select(*MESSAGE_COLUMNS)
        .where(Message.reply_to_id == question_id, Message.status.in_(UNENDED))
        .order_by(Message.id)
        .limit(1)
    )


def history(conversation_id: int, question_id: int, limit: int) -> Select[str, str]:
    """(role, content) of the question and of what was said before it, newest first.

    A reply stands behind its question, whenever it came; of several the newest that says something.
    """
    other = aliased(Message)
    newest = (
        select(func.max(other.id))
        .where(other.reply_to_id == Message.reply_to_id, other.content != "")
        .correlate(Message)
        .scalar_subquery()
    )
    asked = func.coalesce(Message.reply_to_id, Message.id)
    said = or_(
        and_(Message.role != ASSISTANT, Message.id <= question_id),
        and_(Message.role == ASSISTANT, asked < question_id, or_(Message.reply_to_id.is_(None), Message.id == newest)),
    )
    return (
        select(Message.role, Message.content)
        .where(Message.conversation_id == conversation_id, Message.content != "", said)
        .order_by(asked.desc(), Message.id.desc())
        .limit(limit)
    )


class ReplyTaskRow(NamedTuple):
    id: int
    key: str
    """The id of the message, as text."""
    payload: dict[str, object]


def lock_tasks(kind: str, conversation_id: int) -> Select[int, str, dict[str, object]]:
    """ReplyTaskRow of each reply of the conversation that is to be written. In one order, as all take them."""
    is_meant = Task.kind == kind, LIVE, Task.key.in_(_unended_of(conversation_id))
    return select(Task.id, Task.key, Task.payload).where(*is_meant).order_by(Task.id).with_for_update()


def another_task(kind: str, conversation_id: int, known: Collection[int]) -> Select[int]:
    """Of a reply of the conversation, beside those that are known."""
    is_meant = Task.kind == kind, LIVE, Task.key.in_(_unended_of(conversation_id))
    return select(Task.id).where(*is_meant, Task.id.not_in(known)).limit(1)


def _unended_of(conversation_id: int) -> Select[str]:
    """The ids of the replies that are to come, as tasks have them."""
    return select(cast(Message.id, String)).where(
        Message.conversation_id == conversation_id, Message.status.in_(UNENDED)
    )


def delete_tasks(ids: Collection[int]) -> Delete:
    """A worker that has one of them finds that it holds it no longer, and can write nothing."""
    return delete(Task).where(Task.id.in_(ids))


def hold_user(user_id: int) -> Select[int]:
    """Keeps the account there until the transaction ends; no row when it is gone."""
    return select(User.id).where(User.id == user_id).with_for_update(read=True, key_share=True)


def hold_user_of_message(message_id: int) -> Select[int]:
    """As `hold_user`; no row for a guest's, either."""
    owner = (
        select(Conversation.user_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id == message_id)
        .scalar_subquery()
    )
    return select(User.id).where(User.id == owner).with_for_update(read=True, key_share=True)


class PlaceRow(NamedTuple):
    """Where a message stands, and whose it is."""

    conversation_id: int
    user_id: int | None
    video_id: int
    created_at: datetime
    """Of the message."""


def hold_place(message_id: int) -> Select[int, int | None, int, datetime]:
    """A PlaceRow that stays as it is until the transaction ends; no row when the message is gone."""
    return (
        select(Conversation.id, Conversation.user_id, Conversation.video_id, Message.created_at)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id == message_id)
        .with_for_update(read=True, of=Conversation)
    )
