"""Inline stamps in an answer (`[1:02]`), and the cues that they point to."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.limits import CITATIONS_SHOWN
from services.llm.chat_model import Segment
from services.videos.timestamps import format_timestamp, parse_timestamp

_SPACE = r"\s{0,9}"
_STAMP = r"(?:[0-9]{1,2}[:\uff1a])?[0-9]{1,4}[:\uff1a][0-9]{2}"
_RANGE = rf"(?:at\s{{1,9}})?({_STAMP})(?:{_SPACE}(?:[-\u2010-\u2015]|to){_SPACE}{_STAMP})?"
_NEXT = rf"{_SPACE}(?:[,;&\uff0c\uff1b\u3001]|\band\b){_SPACE}(?:and\b{_SPACE})?"
_BRACKET = re.compile(rf"[\[\uff3b\u3010]{_SPACE}({_RANGE}(?:{_NEXT}{_RANGE})*){_SPACE}[\]\uff3d\u3011]", re.IGNORECASE)
_IN_BRACKET = re.compile(_RANGE, re.IGNORECASE)


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
    """The stamps in brackets, each second once, in order of appearance; of a range where it begins.

    `[m:ss]`, `[h:mm:ss]`, several with commas, semicolons or `and` between them, `[at m:ss]`, `[m:ss-m:ss]`, and the
    brackets, colons and commas of East Asian typography. Any other bracket is left alone, and so is a stamp that no
    clock shows (`[1:75]`). What stands in code or in the text of a link counts: it is a moment all the same.
    """
    stamps: dict[float, Stamp] = {}
    for bracket in _BRACKET.finditer(text):
        for spelling in _IN_BRACKET.finditer(bracket[1]):
            seconds = parse_timestamp(spelling[1].replace("\N{FULLWIDTH COLON}", ":"))
            if seconds is not None:
                stamps.setdefault(seconds, Stamp(seconds=seconds, label=format_timestamp(seconds)))
    return list(stamps.values())


def cite(text: str, segments: Iterable[Segment]) -> list[Citation]:
    """The stamps of `text` with the words spoken at each.

    Of the first CITATIONS_SHOWN, since a model may stamp every sentence. A stamp before the first word or after the
    last is dropped: nothing is spoken there. In a pause, the words before it are quoted.
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
