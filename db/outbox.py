"""What a transaction leaves behind beside its rows: events, tasks, and whom to wake once it is committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    type: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    kind: str
    lane: str
    key: str
    """Idempotency key: while a task of this kind and key is live, another is not made."""
    payload: Mapping[str, object] = field(default_factory=dict[str, object])
    max_attempts: int = 5
    delay_seconds: float = 0


@dataclass(slots=True)
class Wakeups:
    """Hints for whoever follows a topic or serves a lane. Losing one costs time, never data."""

    topics: dict[str, int] = field(default_factory=dict[str, int])
    """Topic → its last sequence number."""
    lanes: set[str] = field(default_factory=set[str])

    def __bool__(self) -> bool:
        return bool(self.topics or self.lanes)
