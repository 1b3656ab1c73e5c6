"""Statements that remove a user and all that is kept of them.

Each `lock_…` keeps other writers away until the transaction ends; services.account_deletion says in which order.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, String, Update, cast, delete, or_, select, update

from db.models.tables import (
    Artifact,
    AuditEvent,
    Conversation,
    Event,
    EventTopic,
    Job,
    Message,
    QuotaCounter,
    Session,
    Task,
    User,
)


def lock_user(user_id: int) -> Select[str | None]:
    """The key of the user's picture; no row when the account is gone."""
    return select(User.avatar_key).where(User.id == user_id).with_for_update()


def lock_tasks(user_id: int, owner: str) -> Select[int]:
    """What was to be done for the user, done or not. In one order, so that two writers never wait in a ring."""
    return select(Task.id).where(or_(*_names(user_id, owner))).order_by(Task.id).with_for_update()


def lock_quota(owner: str) -> Select[str]:
    counters = select(QuotaCounter.day).where(_counts(owner)).order_by(QuotaCounter.owner, QuotaCounter.day)
    return counters.with_for_update()


def lock_conversations(user_id: int) -> Select[int]:
    """With no message added to them from here on."""
    return select(Conversation.id).where(Conversation.user_id == user_id).order_by(Conversation.id).with_for_update()


def messages(user_id: int) -> Select[int]:
    return (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.user_id == user_id)
    )


def jobs(user_id: int) -> Select[int]:
    return select(Job.id).where(Job.user_id == user_id)


def sessions(user_id: int) -> Select[int]:
    return select(Session.id).where(Session.user_id == user_id)


def artifacts(user_id: int) -> Select[str]:
    return select(Artifact.storage_key).join(Job, Job.id == Artifact.job_id).where(Job.user_id == user_id)


def lock_topics(topics: Collection[str]) -> Select[str]:
    return select(EventTopic.topic).where(EventTopic.topic.in_(topics)).order_by(EventTopic.topic).with_for_update()


def lock_topics_from(beginning: str) -> Select[str]:
    """All whose names begin so."""
    named = EventTopic.topic.startswith(beginning, autoescape=True)
    return select(EventTopic.topic).where(named).order_by(EventTopic.topic).with_for_update()


def delete_events(topics: Collection[str]) -> Delete:
    return delete(Event).where(Event.topic.in_(topics))


def delete_topics(topics: Collection[str]) -> Delete:
    return delete(EventTopic).where(EventTopic.topic.in_(topics))


def delete_tasks(user_id: int, owner: str) -> Delete:
    """A worker that has one of them finds that it holds it no longer, and can write nothing."""
    return delete(Task).where(or_(*_names(user_id, owner)))


def delete_quota(owner: str) -> Delete:
    return delete(QuotaCounter).where(_counts(owner))


def forget_in_audit(user_id: int) -> Update:
    return update(AuditEvent).where(AuditEvent.user_id == user_id).values(user_id=None, address=None)


def delete_user(user_id: int) -> Delete:
    """And with the user every row that belongs to them, by the cascades of the tables."""
    return delete(User).where(User.id == user_id)


def _names(user_id: int, owner: str) -> tuple[ColumnElement[bool], ...]:
    """A task names whom it is for in its payload, in one of two ways."""
    return _text("userId") == str(user_id), _text("owner") == owner


def _counts(owner: str) -> ColumnElement[bool]:
    """Messages, and by another name after a colon whatever else is counted of the owner."""
    return or_(QuotaCounter.owner == owner, QuotaCounter.owner.startswith(f"{owner}:", autoescape=True))


def _text(name: str) -> ColumnElement[Any]:
    # SQLite keeps the kind of a JSON value, and finds no number equal to a text.
    return cast(Task.payload[name].as_string(), String)
