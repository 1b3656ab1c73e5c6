"""Statements of the event log."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Delete, Select, Update, delete, func, insert, select, update
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


def bounds(topic: str) -> Select[int, int]:
    """(seq, floor) of a topic; no row when nothing was ever published or all of it was purged."""
    return select(EventTopic.seq, EventTopic.floor).where(EventTopic.topic == topic)


def last_numbers(topics: Iterable[str]) -> Select[str, int]:
    return select(EventTopic.topic, EventTopic.seq).where(EventTopic.topic.in_(list(topics)))


def raise_floors(keep_seconds: float) -> Update:
    """Note on each topic up to where its events are about to be purged. Run before `purge`, in its transaction."""
    old = (
        select(Event.topic, func.max(Event.seq).label("seq"))
        .where(Event.created_at < clock.seconds_from_now(-keep_seconds))
        .group_by(Event.topic)
        .subquery()
    )
    return update(EventTopic).where(EventTopic.topic == old.c.topic).values(floor=old.c.seq)


def purge() -> Delete:
    """Delete the events at or below their topic's floor."""
    floor = select(EventTopic.floor).where(EventTopic.topic == Event.topic).scalar_subquery()
    return delete(Event).where(Event.seq <= floor)


def purge_topics(keep_seconds: float) -> Delete:
    """Forget the topics that have no event left and had none for that long."""
    return delete(EventTopic).where(
        EventTopic.floor >= EventTopic.seq, EventTopic.updated_at < clock.seconds_from_now(-keep_seconds)
    )
