"""The segments of a transcript that somebody brings: checked, put into order of time, and cleaned."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from db.search_words import folded_length
from services import limits
from services.errors import ProblemCode
from services.llm.chat_model import Segment
from services.validation import UNSTORABLE, Checks

MOST_PROBLEMS = 5
"""Of segments; whoever got so many wrong got more wrong."""
MOST_FOLDED = 3 * limits.TRANSCRIPT_CHARACTERS
"""Signs of the whole: a syllable of Hangul is three, and nothing that people write is more."""

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSegment:
    """As it was sent, unchecked."""

    text: str
    start_seconds: float
    duration_seconds: float = 0.0


def clean(checks: Checks, given: Sequence[GivenSegment], *path: str) -> list[Segment]:
    """The segments in order of time, without the blank ones and without control characters that can be stored.

    Problems are collected, and named below the path.
    """
    if len(given) > limits.TRANSCRIPT_SEGMENTS:
        checks.add(path, ProblemCode.TOO_LONG, f"At most {limits.TRANSCRIPT_SEGMENTS:,} segments can be kept.")
        return []
    if sum(len(segment.text) for segment in given) > limits.TRANSCRIPT_CHARACTERS:
        checks.add(path, ProblemCode.TOO_LONG, f"At most {limits.TRANSCRIPT_CHARACTERS:,} characters can be kept.")
        return []
    texts = [_plain(segment.text) for segment in given]
    wrong = [number for number, segment in enumerate(given) if _is_wrong(segment, texts[number])]
    for number in wrong[:MOST_PROBLEMS]:
        _check(checks, given[number], texts[number], *path, str(number))
    if wrong:
        return []
    if _is_too_much(texts):
        checks.add(path, ProblemCode.TOO_LONG, "It has too many signs that stand for several others.")
        return []
    kept = [
        Segment(start_seconds=one.start_seconds, duration_seconds=one.duration_seconds, text=text)
        for one, text in zip(given, texts, strict=True)
        if text
    ]
    if not any(character.isalnum() for segment in kept for character in segment.text):
        checks.add(path, ProblemCode.REQUIRED, "The transcript must say something.")
    return sorted(kept, key=lambda segment: segment.start_seconds)


def _is_too_much(texts: Sequence[str]) -> bool:
    """Whether to fold them for the search would take too long. Looks no further than it must."""
    return any(length > MOST_FOLDED for length in accumulate(map(folded_length, texts)))


def _plain(text: str) -> str:
    """In one line: without control characters, and what cannot be stored."""
    return " ".join(_CONTROLS.sub("", text).split())


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 <= seconds <= limits.VIDEO_SECONDS


def _is_wrong(segment: GivenSegment, text: str) -> bool:
    times = _is_time(segment.start_seconds) and _is_time(segment.duration_seconds)
    return not times or len(text) > limits.SEGMENT_LENGTH or UNSTORABLE.search(segment.text) is not None


def _check(checks: Checks, segment: GivenSegment, text: str, *path: str) -> None:
    if checks.storable(segment.text, *path, "text"):
        checks.text(text, *path, "text", minimum=0, maximum=limits.SEGMENT_LENGTH)
    hours = limits.VIDEO_SECONDS // 3600
    for name, seconds in (("startSeconds", segment.start_seconds), ("durationSeconds", segment.duration_seconds)):
        if not _is_time(seconds):
            checks.add([*path, name], ProblemCode.OUT_OF_RANGE, f"A time must be between 0 and {hours} hours.")
