"""Words that stand for one another: people seldom ask in the words that a speaker chose.

`synonyms.txt` has one group of everyday words a line, written by hand, general on purpose: none chosen for one video.
`thesaurus.txt` is made by tests/evaluation/make_thesaurus.py of WordNet and of word vectors, and says how much
each of some 13,000 stems has to do with the nearest others; a line is decoded when it is first asked for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from services.llm.words import stem

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""A neighbour is three of these digits: eight times its line, plus tenths of closeness (seven at most)."""

DIGITS_EACH: Final = 3
_CLOSENESS_BY_HAND: Final = 0.5


@lru_cache(maxsize=10_000)
def related(term: str) -> Mapping[str, float]:
    """The stems that may stand for a stem, each with how nearly it does, from 0 to 1."""
    found: dict[str, float] = {}
    stems, lines = _thesaurus()
    codes = stems.get(term, "")
    for first in range(0, len(codes), DIGITS_EACH):
        number = 0
        for digit in codes[first : first + DIGITS_EACH]:
            number = number * len(DIGITS) + DIGITS.index(digit)
        found[lines[number // 8]] = number % 8 / 10
    for other in synonyms().get(term, ()):
        found[other] = max(found.get(other, 0.0), _CLOSENESS_BY_HAND)
    return found


@cache
def synonyms() -> Mapping[str, frozenset[str]]:
    """Of each stem, the stems of words that often stand for it; itself left out."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in _read("synonyms.txt"):
        group = {stem(word) for word in line.split()}
        for term in group:
            found[term] |= group - {term}
    return {term: frozenset(others) for term, others in found.items()}


@cache
def _thesaurus() -> tuple[Mapping[str, str], Sequence[str]]:
    """The neighbours of each stem as they are written, and the stems in the order of their lines."""
    pairs = [line.split(" ") for line in _read("thesaurus.txt") if not line.startswith("#")]
    return dict(pairs), [term for term, _ in pairs]


def _read(name: str) -> list[str]:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
