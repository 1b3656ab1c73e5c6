"""WordNet's files as pairs of words that stand for one another, for `make_thesaurus`."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final, NamedTuple, Self

_FILES: Final[Mapping[str, str]] = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_SENSE_KINDS: Final = "nvara"
_INSTANCE: Final = "@i"
_WHOLE_SENSE: Final = "0000"
_MOST_RELATED: Final = 6

_SAME: Final = 1.0
_DERIVED: Final = 0.9
_STRENGTHS: Final[Mapping[str, float]] = {"@": 0.6, "~": 0.6, "&": 0.7, "*": 0.7, ">": 0.7, "^": 0.7, "$": 0.7}
"""Of what is more general or more special, similar, entailed, caused, seen also, and of one group of verbs."""


class Sense(NamedTuple):
    kind: str
    offset: str


class Pointer(NamedTuple):
    symbol: str
    sense: Sense
    words: str
    """Two pairs of hexadecimal digits: which word of either sense; zeros for the senses as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordNet:
    """The words of each sense, where it points, and how often a word is used in it."""

    words: Mapping[Sense, list[str]]
    pointers: Mapping[Sense, list[Pointer]]
    counts: Mapping[tuple[str, Sense], float]
    totals: Mapping[str, float]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the `data` files and the counts in `index.sense`."""
        words: dict[Sense, list[str]] = {}
        pointers: dict[Sense, list[Pointer]] = {}
        for kind, name in _FILES.items():
            for line in (folder / f"data.{name}").read_text(encoding="utf-8").splitlines():
                if not line.startswith("  "):
                    fields = line.split("|")[0].split()
                    sense = Sense(kind, fields[0])
                    words[sense], pointers[sense] = _words(fields), _pointers(fields)
        counts: defaultdict[tuple[str, Sense], float] = defaultdict(float)
        totals: defaultdict[str, float] = defaultdict(float)
        for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines():
            key, offset, number, count = line.split()
            word, rest = key.split("%")
            used = int(count) + 1 / int(number)
            counts[word, Sense(_SENSE_KINDS[int(rest[0]) - 1], offset)] += used
            totals[word] += used
        return cls(words=words, pointers=pointers, counts=counts, totals=totals)

    def common_words(self) -> set[str]:
        """All that are not only names."""
        return {
            word
            for sense, words in self.words.items()
            if not any(pointer.symbol == _INSTANCE for pointer in self.pointers[sense])
            for word in words
            if word.isalpha()
        }

    def pairs(self, known: set[str]) -> dict[tuple[str, str], float]:
        """Both ways round, how strongly two of the known words are related, by the share that the senses have of their use."""
        found: defaultdict[tuple[str, str], float] = defaultdict(float)
        for sense in self.words:
            for one, other, other_sense, kind in self._related(sense):
                if one != other and one in known and other in known:
                    strength = kind * sqrt(self._share(one, sense) * self._share(other, other_sense))
                    found[one, other] = max(found[one, other], strength)
                    found[other, one] = max(found[other, one], strength)
        return found

    def _related(self, sense: Sense) -> Iterator[tuple[str, str, Sense, float]]:
        words = self.words[sense]
        yield from ((one, other, sense, _SAME) for one in words for other in words)
        for pointer in self.pointers[sense]:
            target = self.words.get(pointer.sense, [])
            if pointer.words == _WHOLE_SENSE:
                strength = _STRENGTHS.get(pointer.symbol)
                if strength:
                    yield from (
                        (one, other, pointer.sense, strength) for one in words for other in target[:_MOST_RELATED]
                    )
            elif pointer.symbol in "+\\<":
                one, other = int(pointer.words[:2], 16) - 1, int(pointer.words[-2:], 16) - 1
                if one < len(words) and other < len(target):
                    yield words[one], target[other], pointer.sense, _DERIVED

    def _share(self, word: str, sense: Sense) -> float:
        return self.counts.get((word, sense), 0.0) / self.totals[word] if self.totals.get(word) else 0.0


def _words(fields: list[str]) -> list[str]:
    return [re.sub(r"\(.*\)", "", fields[4 + 2 * index]).lower() for index in range(int(fields[3], 16))]


def _pointers(fields: list[str]) -> list[Pointer]:
    first = 5 + 2 * int(fields[3], 16)
    return [
        Pointer(fields[at], Sense(fields[at + 2].replace("s", "a"), fields[at + 1]), fields[at + 3])
        for at in range(first, first + 4 * int(fields[first - 1]), 4)
    ]
