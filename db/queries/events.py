"""Statements of the event log."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Delete, Select, Update, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.dml import Insert, ReturningInsert

from db import clock
from db.engine import DialectName
from db.models.tables import Event, EventTopic
from db.queries.dialects import insert_into


def allot_numbers(counts: Mapping[str, int], first_floor: int, dialect: DialectName) -> ReturningInsert[str, int]:
    """Take so many sequence numbers from each topic; locks the topics until the transaction ends.

    Answers (topic, last number taken). The topics are taken in one order, so that two writers never wait in a ring.
    `first_floor` is where a topic that does not exist begins to count.
    """
    statement = insert_into(EventTopic, dialect).values(
        [
            {"topic": topic, "seq": first_floor + counts[topic], "floor": first_floor, "updated_at": clock.now()}
            for topic in sorted(counts)
        ]
    )
    taken = statement.excluded.seq - statement.excluded.floor
    return statement.on_conflict_do_update(
        index_elements=[EventTopic.topic],
        set_={"seq": EventTopic.seq + taken, "updated_at": clock.now()},
    ).returning(EventTopic.topic, EventTopic.seq)


def append() -> Insert:
    """To be run with a list of {topic, seq, type, data}."""
    return insert(Event)


def after(topic: str, seq: int, limit: int) -> Select[int, str, dict[str, object]]:
    return (
        select(Event.seq, Event.type, Event.data)
        .where(Event.topic == topic, Event.seq > seq)
        .order_by(Event.seq)
        .limit(limit)
    )


def of_topic(topic: str) -> Select[str, dict[str, object]]:
    """(type, data) of all that is stored of a topic, in order."""
    return select(Event.type, Event.data).where(Event.topic == topic).order_by(Event.seq)


def bounds(topic: str) -> Select[int, int]:
    """(seq, floor) of a topic; no row when nothing was ever published or all of it was purged."""
    return select(EventTopic.seq, EventTopic.floor).where(EventTopic.topic == topic)


def last_numbers(topics: Iterable[str]) -> Select[str, int]:
    return select(EventTopic.topic, EventTopic.seq).where(EventTopic.topic.in_(list(topics)))


def expired(keep_seconds: float, limit: int) -> Select[str, int, int]:
    """(topic, last number, how many) of the oldest events that were kept for that long, at most `limit` of them.

    Locks their topics until the transaction ends, and leaves out a topic that a writer has locked: waiting for one
    while holding others could end in a deadlock, and the next time will do.
    """
    oldest = (
        select(Event.topic, Event.seq)
        .where(Event.created_at < clock.seconds_from_now(-keep_seconds))
        .order_by(Event.created_at)
        .limit(limit)
        .subquery()
    )
    ends = (
        select(oldest.c.topic, func.max(oldest.c.seq).label("seq"), func.count().label("count"))
        .group_by(oldest.c.topic)
        .subquery()
    )
    return (
        select(EventTopic.topic, ends.c.seq, ends.c.count)
        .join(ends, ends.c.topic == EventTopic.topic)
        .with_for_update(of=EventTopic, skip_locked=True)
    )


def raise_floor() -> Update:
    """To be run with a list of {of_topic, through}."""
    return update(EventTopic).where(EventTopic.topic == bindparam("of_topic")).values(floor=bindparam("through"))


def delete_through() -> Delete:
    """To be run with a list of {of_topic, through}."""
    return delete(Event).where(Event.topic == bindparam("of_topic"), Event.seq <= bindparam("through"))


def forget_topics(keep_seconds: float, limit: int) -> Delete:
    """Delete topics that have no event left, and had none for that long. Those that a writer has locked are left out."""
    unused = (
        select(EventTopic.topic)
        .where(EventTopic.floor >= EventTopic.seq, EventTopic.updated_at < clock.seconds_from_now(-keep_seconds))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return delete(EventTopic).where(EventTopic.topic.in_(unused))
