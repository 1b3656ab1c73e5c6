"""What a follower of a topic gets, and how it learns that it cannot be continued."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    seq: int
    """Counts up by one within a topic; a topic that was forgotten and begins anew goes on further up."""
    type: str
    data: Mapping[str, object]
    """Shared by all followers of the topic."""


class EventsExpired(Exception):
    """Events after the follower's position are stored no longer, or its topic is not known: a fresh snapshot is due."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"Events of {topic} were missed.")
