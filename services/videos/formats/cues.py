"""What every format comes to: a text, where it begins, and perhaps where it ends."""

from collections.abc import Sequence
from typing import NamedTuple

from services.errors import ProblemCode
from services.validation import UNSTORABLE
from services.videos.segments import GivenSegment

CHARACTERS_A_SECOND = 15
"""Of speech: 150 words of 6 characters, the space with them, in a minute."""


class UnreadableTranscript(Exception):
    """It is no transcript; the message is a sentence for people that says where it goes wrong."""

    def __init__(self, message: str, code: ProblemCode = ProblemCode.INVALID_DATA) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Cue(NamedTuple):
    start: float
    end: float | None
    """None where the format does not say."""
    text: str


def as_segments(cues: Sequence[Cue], total_seconds: float | None = None) -> list[GivenSegment]:
    """In order of time. Without an end, a cue lasts to the next; the last one to the end, or as long as it takes to say it."""
    ordered = sorted(cues, key=lambda cue: cue.start)
    following = [*(cue.start for cue in ordered[1:]), total_seconds][: len(ordered)]
    return [
        GivenSegment(
            start_seconds=cue.start,
            duration_seconds=_duration(cue, next_start),
            text=UNSTORABLE.sub("", cue.text),  # which escapes in JSON bring along
        )
        for cue, next_start in zip(ordered, following, strict=True)
    ]


def _duration(cue: Cue, next_start: float | None) -> float:
    if cue.end is not None:
        return max(0.0, cue.end - cue.start)
    if next_start is not None and next_start >= cue.start:
        return next_start - cue.start
    return spoken_seconds(cue.text)


def spoken_seconds(text: str) -> float:
    """About how long it takes to say it."""
    return round(len(text) / CHARACTERS_A_SECOND, 2)
