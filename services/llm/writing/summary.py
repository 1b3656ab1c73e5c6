"""The summary of a transcript in its own words: telling sentences from beginning to end, as plain prose."""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final

from services.llm.chat_model import Segment
from services.llm.ranking import Ranking
from services.llm.sentences import split_sentences
from services.llm.writing.drafts import Unusable, plain

SHORTEST: Final = 200
"""Characters; a transcript that is shorter is its own summary."""
LONGEST: Final = 800

_LONGEST_SENTENCE: Final = 300
_MOST_STRETCHES: Final = 7
_FEWEST_IN_A_STRETCH: Final = 3
_TELLING_WORDS: Final = range(7, 36)

_ODD_LENGTH_FACTOR: Final = 0.2
_ANNOUNCING_FACTOR: Final = 0.3
_LEANING_FACTOR: Final = 0.3
_ADDRESSING_FACTOR: Final = 0.4
_FIGURES_FACTOR: Final = 0.7
_STAMP_FACTOR: Final = 0.1

_LEANING: Final = re.compile(
    r"(?:also|and|another|because|both|but|even|finally|he|her|here|his|however|instead|it|its|neither|one|or|otherwise"
    r"|she|so|such|that|the (?:first|last|latter|other|second|third)|their|them|then|there|therefore|these|they|this"
    r"|those|thus|too|yes|no|soon|yet)\b",
    re.IGNORECASE,
)
_ADDRESSING: Final = re.compile(
    r"\?|\b(?:example|hello|i|i'm|i've|imagine|lecture|let's|me|my|suppose|thank|today|tonight|video|welcome"
    r"|yourself|you|your)\b",
    re.IGNORECASE,
)
_FIGURE: Final = re.compile(r"[0-9]")
_STAMP: Final = re.compile(r"\s*\b(?:[0-9]+:)?[0-9]+:[0-9]{2}\b")
_BULLET: Final = re.compile(r"^(?:[\s*#>\u2022\u2013\u2014]|-\s)+")
_STOPPED: Final = re.compile(r"[.!?\u2026\u0964\u3002\uff01\uff1f][\"')\u201d\u2019]*$")


def summarise(segments: Sequence[Segment]) -> str:
    """200 to 800 characters where the transcript has as many. Burns CPU; call it in a thread."""
    ranking = Ranking(split_sentences(segments))
    texts = [_as_prose(sentence.text) for sentence in ranking.sentences]
    worth = [
        central * tellingness(sentence.text, announces=ranking.announces(position))
        for position, (sentence, central) in enumerate(zip(ranking.sentences, ranking.centrality(), strict=True))
    ]
    usable = _usable(texts)
    chosen: Collection[int] = ()
    for count in range(min(_MOST_STRETCHES, len(usable) // _FEWEST_IN_A_STRETCH), 0, -1):
        chosen = _best_of_each(_stretches(usable, count), worth)
        if len(_joined(chosen, texts)) <= LONGEST:
            break
    return _joined(_filled(chosen, usable, worth, texts), texts)


def _as_prose(text: str) -> str:
    """Empty for what may not be kept."""
    text = _BULLET.sub("", _STAMP.sub("", text))
    if len(text) > _LONGEST_SENTENCE:
        text = (text[:_LONGEST_SENTENCE].rpartition(" ")[0] or text[:_LONGEST_SENTENCE]) + "\N{HORIZONTAL ELLIPSIS}"
    if not _STOPPED.search(text):
        text = text.rstrip(",;:-") + "."
    try:
        text = plain(text, "sentence")
    except Unusable:
        return ""
    return text[:1].upper() + text[1:]


def _usable(texts: Sequence[str]) -> list[int]:
    """Where a text with words in it stands for the first time."""
    first = {text.casefold(): position for position, text in reversed(list(enumerate(texts)))}
    return sorted(position for text, position in first.items() if any(map(str.isalpha, text)))


def tellingness(text: str, *, announces: bool = False) -> float:
    """From 0 to 1: how well a sentence can be read without those around it, by somebody who was not there."""
    factor = 1.0 if len(text.split()) in _TELLING_WORDS else _ODD_LENGTH_FACTOR
    factor *= _ANNOUNCING_FACTOR if announces else 1.0
    factor *= _LEANING_FACTOR if _LEANING.match(text) else 1.0
    factor *= _ADDRESSING_FACTOR if _ADDRESSING.search(text) else 1.0
    factor *= _STAMP_FACTOR if _STAMP.search(text) else 1.0
    return factor * (_FIGURES_FACTOR if _FIGURE.search(text) else 1.0)


def _stretches(positions: Sequence[int], count: int) -> list[Sequence[int]]:
    """Cut into so many parts of nearly one length; none is empty."""
    bounds = [len(positions) * number // count for number in range(count + 1)]
    return [positions[start:end] for start, end in pairwise(bounds) if start < end]


def _best_of_each(stretches: Iterable[Sequence[int]], worth: Sequence[float]) -> list[int]:
    return [max(stretch, key=worth.__getitem__) for stretch in stretches]


def _filled(
    chosen: Collection[int], usable: Collection[int], worth: Sequence[float], texts: Sequence[str]
) -> list[int]:
    """As chosen, and while that is too short the best of the others that still fit."""
    filled = list(chosen)
    for position in sorted(set(usable).difference(chosen), key=lambda position: (-worth[position], position)):
        if len(_joined(filled, texts)) >= SHORTEST:
            break
        if len(_joined([*filled, position], texts)) <= LONGEST:
            filled.append(position)
    return filled


def _joined(positions: Collection[int], texts: Sequence[str]) -> str:
    return " ".join(texts[position] for position in sorted(positions))
