"""Hints as text: JSON small enough for a Postgres notification."""

import json
import secrets
from collections.abc import Iterator

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from structlog.typing import FilteringBoundLogger

from db.outbox import Wakeups

MOST_BYTES = 7_900
"""A notification holds 7,999."""

log: FilteringBoundLogger = structlog.get_logger()


class _Message(BaseModel):
    model_config = ConfigDict(strict=True)

    origin: str
    topics: dict[str, int]
    lanes: list[str]


class Messages:
    """Writes the messages of one process, and reads those of the others."""

    def __init__(self) -> None:
        self._origin = secrets.token_hex(8)

    def encode(self, wakeups: Wakeups) -> Iterator[str]:
        """As few messages as it takes. A name too long for any message is left out."""
        for part in _split(wakeups, MOST_BYTES - len(self._write(Wakeups()))):
            yield self._write(part)

    def decode(self, text: str | bytes) -> Wakeups | None:
        """None for what this process wrote itself, and for what is no message of ours."""
        try:
            message = _Message.model_validate_json(text)
        except ValidationError:
            log.warning("hints.message_unreadable", size=len(text))
            return None
        if message.origin == self._origin:
            return None
        return Wakeups(topics=message.topics, lanes=set(message.lanes))

    def _write(self, wakeups: Wakeups) -> str:
        content = {"origin": self._origin, "topics": wakeups.topics, "lanes": sorted(wakeups.lanes)}
        # Escaped to ASCII: a character is a byte, and whatever is in a name can be sent.
        return json.dumps(content, separators=(",", ":"))


def _split(wakeups: Wakeups, room: int) -> Iterator[Wakeups]:
    part, used = Wakeups(), 0
    entries: list[tuple[str, int | None]] = [*((lane, None) for lane in wakeups.lanes), *wakeups.topics.items()]
    for name, seq in entries:
        size = len(json.dumps(name)) + len(f":{seq},")
        if size > room:
            continue
        if used + size > room:
            yield part
            part, used = Wakeups(), 0
        used += size
        if seq is None:
            part.lanes.add(name)
        else:
            part.topics[name] = seq
    if part:
        yield part
