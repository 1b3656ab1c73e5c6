"""Every table in one namespace: `from db.models import tables`, then `tables.Note`."""

from db.models.audit import AuditEvent
from db.models.breakers import CircuitBreaker
from db.models.events import Event, EventTopic
from db.models.jobs import Artifact, Job
from db.models.limits import AttemptCounter
from db.models.metadata import Base
from db.models.notes import Note
from db.models.persisted_queries import PersistedQuery
from db.models.search import SearchEntry
from db.models.tasks import Task
from db.models.uploads import BlobRemoval, Upload
from db.models.users import ApiToken, MailedToken, ProviderKey, RefreshToken, Session, SpentCredential, User
from db.models.videos import TranscriptSegment, TranscriptSubmission, Video, VideoAddition, VideoPart
from db.models.wiz import Conversation, Message, QuotaCounter

__all__ = [
    "ApiToken",
    "Artifact",
    "AttemptCounter",
    "AuditEvent",
    "Base",
    "BlobRemoval",
    "CircuitBreaker",
    "Conversation",
    "Event",
    "EventTopic",
    "Job",
    "MailedToken",
    "Message",
    "Note",
    "PersistedQuery",
    "ProviderKey",
    "QuotaCounter",
    "RefreshToken",
    "SearchEntry",
    "Session",
    "SpentCredential",
    "Task",
    "TranscriptSegment",
    "TranscriptSubmission",
    "Upload",
    "User",
    "Video",
    "VideoAddition",
    "VideoPart",
]
