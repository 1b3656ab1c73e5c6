"""The event log: what happened on each topic, in order, kept for some minutes."""

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Base, CreatedAt, UpdatedAt
from db.types import type_of_json


class EventTopic(Base):
    """Hands out the sequence numbers of a topic: its row is locked by the writer until commit, so order is gapless."""

    __tablename__ = "event_topics"
    __table_args__ = (Index(None, "updated_at"),)

    topic: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    """The last number handed out."""
    floor: Mapped[int] = mapped_column(BigInteger)
    """The highest number whose event is no longer stored."""
    updated_at: Mapped[UpdatedAt]


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (Index(None, "created_at"),)

    topic: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str]
    data: Mapped[dict[str, object]] = mapped_column(type_of_json)
    created_at: Mapped[CreatedAt]
