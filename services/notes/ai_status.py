"""How the assistant's work on a note stands."""

from enum import StrEnum


class NoteAiStatus(StrEnum):
    NONE = "NONE"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
