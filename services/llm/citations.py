"""Inline stamps in an answer (`[1:02]`), and the cues that they point to."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.limits import CITATIONS_SHOWN
from services.llm.chat_model import Segment
from services.videos.timestamps import format_timestamp, parse_timestamp

_STAMP = r"(?:[0-9]{1,2}:)?[0-9]{1,4}:[0-9]{2}"
_BRACKET = re.compile(rf"\[\s*({_STAMP}(?:\s*,\s*{_STAMP})*)\s*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment that an answer points to."""

    seconds: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A moment that an answer points to, with the words spoken there."""

    start_seconds: float
    label: str
    quote: str


def parse_citations(text: str) -> list[Stamp]:
    """The stamps of `[m:ss]`, `[h:mm:ss]` and `[m:ss, m:ss]`, each second once, in order of appearance.

    Any other bracket is left alone, and so is a stamp that no clock shows (`[1:75]`).
    """
    stamps: dict[float, Stamp] = {}
    for bracket in _BRACKET.finditer(text):
        for spelling in bracket[1].split(","):
            seconds = parse_timestamp(spelling)
            if seconds is not None:
                stamps.setdefault(seconds, Stamp(seconds=seconds, label=format_timestamp(seconds)))
    return list(stamps.values())


def cite(text: str, segments: Iterable[Segment]) -> list[Citation]:
    """The stamps of `text` with the words spoken at each.

    Of the first CITATIONS_SHOWN, since a model may stamp every sentence. A stamp before the first word or after the last is dropped: nothing is spoken there. In a pause, the words
    before it are quoted.
    """
    spoken = sorted((segment for segment in segments if segment.text.strip()), key=_start)
    if not spoken:
        return []
    end_seconds = max(segment.start_seconds + segment.duration_seconds for segment in spoken)
    citations: list[Citation] = []
    for stamp in parse_citations(text):
        segment = _playing_at(stamp.seconds, spoken) if stamp.seconds <= end_seconds else None
        if segment is not None:
            quote = " ".join(segment.text.split())
            citations.append(Citation(start_seconds=stamp.seconds, label=stamp.label, quote=quote))
    return citations[:CITATIONS_SHOWN]


def _playing_at(second: float, spoken: Sequence[Segment]) -> Segment | None:
    """The first that starts within the second, since a stamp is a start cut to seconds; else the running one."""
    before = bisect_right(spoken, second, key=_start_second) - 1
    if before < 0:
        return None
    while before > 0 and _start_second(spoken[before - 1]) == second:
        before -= 1
    return spoken[before]


def _start(segment: Segment) -> float:
    return segment.start_seconds


def _start_second(segment: Segment) -> float:
    return float(int(segment.start_seconds))
