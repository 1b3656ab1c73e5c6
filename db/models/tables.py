"""Every table in one namespace: `from db.models import tables`, then `tables.Note`."""

from db.models.events import Event, EventTopic
from db.models.limits import AttemptCounter
from db.models.metadata import Base
from db.models.notes import Note
from db.models.persisted_queries import PersistedQuery
from db.models.tasks import Task
from db.models.users import RefreshToken, Session, User
from db.models.videos import TranscriptSegment, Video, VideoAddition, VideoPart
from db.models.wiz import Conversation, Message, QuotaCounter

__all__ = [
    "AttemptCounter",
    "Base",
    "Conversation",
    "Event",
    "EventTopic",
    "Message",
    "Note",
    "PersistedQuery",
    "QuotaCounter",
    "RefreshToken",
    "Session",
    "Task",
    "TranscriptSegment",
    "User",
    "Video",
    "VideoAddition",
    "VideoPart",
]
