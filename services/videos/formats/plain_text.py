"""Plain text: with stamps at the beginning of lines, or without any.

Stamped is a text whose first line begins with a stamp, or of which two lines do. A stamp goes for all that follows up
to the next one. Without stamps, the sentences are spread over the length of the video by their length, or at the pace
of speech where that is not known; so are those of a long text behind one stamp, until the next.
"""

import re
from collections.abc import Iterator, Sequence

from services.videos.formats.cues import Cue, spoken_seconds
from services.videos.timestamps import parse_timestamp

LONGEST_PIECE = 300
"""Characters of a text without stamps, or behind one, that are shown together."""
FEWEST_STAMPS = 2

_STAMPED = re.compile(
    r"\s*[\[(]?([0-9]{1,3}(?::[0-9]{2}){1,2})(?:[.,][0-9]{1,3})?[\])]?(?:\s*[-\u2013\u2014|:]\s|\s|$)(.*)"
)
_SENTENCE_END = re.compile(r"(?<=[.!?\u2026\u0964])\s+|(?<=[\u3002\uff01\uff1f])\s*|\n\s*\n")


def read(text: str, total_seconds: float | None) -> list[Cue]:
    lines = [(_stamp(line), line) for line in text.split("\n")]
    first = next((stamped for stamped, line in lines if line.strip()), None)
    count = sum(stamped is not None for stamped, _ in lines)
    if first is None and count < FEWEST_STAMPS:
        return list(_spread(text, 0.0, total_seconds))
    return list(_stamped(lines, total_seconds))


def _stamp(line: str) -> tuple[float, str] | None:
    """When, and the rest of the line."""
    found = _STAMPED.fullmatch(line)
    seconds = None if found is None else parse_timestamp(found[1])
    return None if found is None or seconds is None else (seconds, found[2])


def _stamped(lines: Sequence[tuple[tuple[float, str] | None, str]], total_seconds: float | None) -> Iterator[Cue]:
    """What comes before the first stamp begins with the video."""
    blocks: list[tuple[float, list[str]]] = [(0.0, [])]
    for stamped, line in lines:
        if stamped is None:
            blocks[-1][1].append(line)
        else:
            blocks.append((stamped[0], [stamped[1]]))
    said = [(start, text) for start, parts in blocks if (text := "\n".join(parts).strip())]
    ends = [start for start, _ in said[1:]]
    for (start, text), end in zip(said, [*ends, total_seconds], strict=True):
        if len(text) <= LONGEST_PIECE:
            yield Cue(start, None, text)
        else:
            yield from _spread(text, start, end)


def _spread(text: str, start: float, end: float | None) -> Iterator[Cue]:
    pieces = [piece for sentence in _SENTENCE_END.split(text) for piece in _pieces(sentence)]
    characters = sum(map(len, pieces))
    length = (end or 0.0) - start
    if length <= 0:
        length = spoken_seconds(" ".join(pieces))
    before = 0
    for piece in pieces:
        begins = start + length * before / characters
        before += len(piece)
        yield Cue(round(begins, 2), round(start + length * before / characters, 2), piece)


def _pieces(sentence: str) -> Iterator[str]:
    """Of at most LONGEST_PIECE characters, cut between words where there are any."""
    text, begin = " ".join(sentence.split()), 0
    while len(text) - begin > LONGEST_PIECE:
        space = text.rfind(" ", begin + 1, begin + LONGEST_PIECE + 1)
        end = begin + LONGEST_PIECE if space < 0 else space
        yield text[begin:end]
        begin = end if space < 0 else end + 1
    if begin < len(text):
        yield text[begin:]
