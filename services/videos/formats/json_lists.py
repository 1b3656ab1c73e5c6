"""Transcripts in JSON: a list of cues, by itself or in an object, as several programs write them."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from services.errors import ProblemCode
from services.videos.formats.cues import Cue, UnreadableTranscript

LISTS = ("segments", "transcript", "snippets")
"""Under which of an object's keys the list may be."""
STARTS = ("startSeconds", "start", "offset")
"""All of them seconds. The first is ours, the second youtube-transcript-api's and Whisper's, the last of old clients."""
DURATIONS = ("durationSeconds", "duration")
ENDS = ("endSeconds", "end")


def parse(text: str) -> object:
    """Raises UnreadableTranscript."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableTranscript(f"The JSON is broken in line {error.lineno}.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of brackets
        raise UnreadableTranscript("The JSON cannot be read.") from None


def read(found: object) -> list[Cue]:
    """Raises UnreadableTranscript."""
    if isinstance(found, dict):
        holder = cast("Mapping[str, object]", found)  # as JSON has it
        found = next((holder[key] for key in LISTS if key in holder), None)
    if not isinstance(found, list):
        raise UnreadableTranscript("The JSON is no list of segments, and has none under `segments`.")
    return [_cue(item, number) for number, item in enumerate(cast("list[object]", found), start=1)]


def _cue(item: object, number: int) -> Cue:
    if not isinstance(item, dict):
        raise UnreadableTranscript(f"Segment {number} is no object.")
    given = cast("Mapping[str, object]", item)  # as JSON has it
    text = given.get("text")
    if not isinstance(text, str):
        raise UnreadableTranscript(f"Segment {number} has no text.", ProblemCode.REQUIRED)
    start = _number(given, STARTS, number)
    if start is None:
        raise UnreadableTranscript(f"Segment {number} does not say when it begins.", ProblemCode.REQUIRED)
    duration = _number(given, DURATIONS, number)
    return Cue(start, _number(given, ENDS, number) if duration is None else start + duration, text)


def _number(given: Mapping[str, object], names: Sequence[str], number: int) -> float | None:
    value = next((given[name] for name in names if given.get(name) is not None), None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableTranscript(f"Segment {number} has a time that is no number.", ProblemCode.INVALID_FORMAT)
    try:
        return float(value)
    except OverflowError:
        raise UnreadableTranscript(
            f"Segment {number} has a time beyond all limits.", ProblemCode.OUT_OF_RANGE
        ) from None
