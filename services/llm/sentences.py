"""A transcript as sentences: the cues of a video cut speech anywhere, and a quote should not start in the middle."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from services.llm.chat_model import Segment

_NOISE = re.compile(r"\[[^\[\]]{0,80}\]|[\[\]]|>>|\*\*|[\u266a\u266b]")
_END = re.compile(r"[.!?\u2026][\"')\u201d\u2019]*$|[\u3002\uff01\uff1f]$")
_ABBREVIATION = re.compile(r"[\"'(\u201c]*(?:[A-Z]|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|al|approx|cf|e\.g|etc|i\.e|vs)\.$")
_CLOSE_AFTER_WORDS: Final = 40
_CLOSE_UNPUNCTUATED_AFTER_WORDS: Final = 14
_LONGEST_WORDS: Final = 60
_WORDS_PER_END: Final = 60
_PAUSE_SECONDS: Final = 3.0
"""Whoever says nothing for longer has ended a sentence, whatever the captions' punctuation."""
_LONGEST_SECONDS: Final = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What is said between two stops. `start_seconds` is the start of the cue in which its first word stands."""

    start_seconds: float
    text: str


def split_sentences(segments: Sequence[Segment]) -> list[Sentence]:
    """Join the cues and cut them at full stops, or at ends of cues where the captions have no punctuation.

    Sound marks (`[Music]`, `>>`) and square brackets are left out, so that no quote looks like a citation.
    """
    cues = [(segment, spoken) for segment in segments if (spoken := _NOISE.sub(" ", segment.text).split())]
    words = [word for _, cue in cues for word in cue]
    starts = [segment.start_seconds for segment, cue in cues for _ in cue]
    cue_ends = list(accumulate(len(cue) for _, cue in cues))
    pauses = {end for end, (cue, _), (after, _) in zip(cue_ends, cues, cues[1:], strict=False) if _is_pause(cue, after)}
    stops = {position for position, word in enumerate(words, start=1) if _END.search(word)}
    close_after = _CLOSE_AFTER_WORDS if len(stops) * _WORDS_PER_END >= len(words) else _CLOSE_UNPUNCTUATED_AFTER_WORDS
    sentences: list[Sentence] = []
    first = 0
    ends_of_cues = set(cue_ends)
    for end in sorted(stops | ends_of_cues):
        length = end - first
        ends_here = end == len(words) or end in pauses or (end in stops and _is_full_stop(words[end - 1], words[end]))
        is_long = length >= close_after or (length and starts[end - 1] - starts[first] >= _LONGEST_SECONDS)
        if length and (ends_here or (end in ends_of_cues and is_long)):
            sentences += _cut(words, starts, first, end)
            first = end
    return sentences


def _is_pause(cue: Segment, after: Segment) -> bool:
    return after.start_seconds - cue.start_seconds - cue.duration_seconds > _PAUSE_SECONDS


def _is_full_stop(word: str, following: str) -> bool:
    return not _ABBREVIATION.match(word) and not following[0].islower()


def _cut(words: Sequence[str], starts: Sequence[float], first: int, end: int) -> Iterator[Sentence]:
    """One sentence, or several where a single cue runs on without a stop."""
    for start in range(first, end, _LONGEST_WORDS):
        text = " ".join(words[start : min(end, start + _LONGEST_WORDS)])
        yield Sentence(start_seconds=starts[start], text=text)
