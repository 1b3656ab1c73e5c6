"""What happens to a user's notes on a video, as events that those who watch them follow."""

from enum import StrEnum

from db.outbox import NewEvent
from db.sessions import Transaction


class NoteChange(StrEnum):
    CREATED = "CREATED"
    CHANGED = "CHANGED"
    DELETED = "DELETED"


def topic_of(user_id: int, video_id: int) -> str:
    """Of one user's notes on one video."""
    return f"{topics_of(user_id)}{video_id}"


def topics_of(user_id: int) -> str:
    """How all topics of the user's notes begin, and no others."""
    return f"notes:{user_id}:"


async def announce(tx: Transaction, user_id: int, video_id: int, note_id: int, change: NoteChange) -> None:
    """In the transaction that changes the note, and last of all: the topic stays locked until it ends."""
    await tx.publish(topic_of(user_id, video_id), NewEvent(type=change, data={"noteId": note_id}))
