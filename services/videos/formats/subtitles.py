"""SRT and VTT, which are read alike: a line with two times, and the text up to the next blank line.

What stands elsewhere is no text of the video: numbers and names of cues, and blocks with notes, styles and regions.
"""

import html
import re
from collections.abc import Sequence

from services.videos.formats.cues import Cue, UnreadableTranscript

ARROW = "-->"
_TIME = r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[0-9][0-9:.]*>|\{\\[^{}]*\}")
"""Of both formats: bold, voices, colours, the times of single words, and where SubStation puts a text."""


def are_subtitles(text: str) -> bool:
    return text.startswith("WEBVTT") or any(_TIMING.fullmatch(line) for line in text.split("\n") if ARROW in line)


def read(text: str) -> list[Cue]:
    """Raises UnreadableTranscript."""
    cues: list[Cue] = []
    timing: tuple[float, float] | None = None
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        begins = ARROW in line
        if timing is not None and (begins or not line.strip()):
            cues.append(Cue(*timing, _words(lines, next_follows=begins)))
            timing = None
        if begins:
            timing, lines = _timing(line, number), []
        elif timing is not None:
            lines.append(line)
    return cues


def _timing(line: str, number: int) -> tuple[float, float]:
    found = _TIMING.fullmatch(line)
    if found is None:
        raise UnreadableTranscript(f"Line {number} does not say when its cue begins and ends.")
    parts = found.groups()
    return _seconds(parts[:4]), _seconds(parts[4:])


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}")


def _words(lines: list[str], *, next_follows: bool) -> str:
    """Where no blank line parts two cues, the last line of the first is the number of the second.

    Raises UnreadableTranscript.
    """
    if next_follows and lines and lines[-1].strip().isdigit():
        lines = lines[:-1]
    try:
        return html.unescape(_TAG.sub("", " ".join(lines)))
    except ValueError:
        raise UnreadableTranscript("A character is given by a number of thousands of digits.") from None
