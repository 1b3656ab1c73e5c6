"""Reads a transcript of any format that we know. Burns CPU: to be called in a thread."""

import re

from services import limits
from services.llm.chat_model import Segment
from services.validation import Checks
from services.videos.formats import json_lists, plain_text, subtitles
from services.videos.formats.cues import Cue, UnreadableTranscript, as_segments
from services.videos.formats.decoding import decode, unify
from services.videos.segments import clean

_SURELY_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{])")
_PERHAPS_JSON = re.compile(r"\s*\[")


def read_file(content: bytes, total_seconds: float | None, *path: str) -> list[Segment]:
    """`total_seconds` is the length of the video, if known; `path` names the input. Raises InvalidInput."""
    checks = Checks()
    try:
        text = decode(content)
    except UnreadableTranscript as error:
        checks.add(path, error.code, error.message)
        checks.finish()
        raise
    return read_text(text, total_seconds, *path)


def read_text(text: str, total_seconds: float | None, *path: str) -> list[Segment]:
    """As `read_file`."""
    checks, found = Checks(), Checks()
    if total_seconds is not None and not 0 < total_seconds <= limits.VIDEO_SECONDS:
        total_seconds = None
    try:
        given = as_segments(_cues(unify(text), total_seconds), total_seconds)
    except UnreadableTranscript as error:
        checks.add(path, error.code, error.message)
        checks.finish()
        raise
    segments = clean(found, given)
    for problem in found.problems:
        # Of which segment: no input field leads there.
        place = f"Segment {int(problem.path[0]) + 1}: " if problem.path else ""
        checks.add(path, problem.code, place + problem.message)
    checks.finish()
    return segments


def _cues(text: str, total_seconds: float | None) -> list[Cue]:
    if subtitles.are_subtitles(text):
        return subtitles.read(text)
    if _SURELY_JSON.match(text):
        return json_lists.read(json_lists.parse(text))
    if _PERHAPS_JSON.match(text):
        # `[Music]`, or `[0:10] Welcome.`, begins a plain text.
        try:
            return json_lists.read(json_lists.parse(text))
        except UnreadableTranscript:
            pass
    return plain_text.read(text, total_seconds)
