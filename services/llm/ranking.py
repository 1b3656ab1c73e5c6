"""How well each sentence of a transcript answers a question or stands for the whole: BM25 that hears neighbours."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Final

from services.llm.questions import Question, Sought
from services.llm.sentences import Sentence
from services.llm.words import STOP_WORDS, stem, tokenise

_K1: Final = 1.2
_B: Final = 0.6
_SHORTEST_LENGTH: Final = 0.8
_SHARES_AFTER: Final = (0.4, 0.2, 0.1, 0.05)
_SHARES_BEFORE: Final = (0.25, 0.1, 0.05, 0.05)
_ANNOUNCED_SHARE: Final = 0.8
_PHRASE_WEIGHT: Final = 0.5
_SOUGHT_BONUS: Final = 1.25
_SOUGHT_NEXT_BONUS: Final = 1.1
_ROADMAP_FACTOR: Final = 0.6
_OPENS_SUBJECT_BONUS: Final = 1.6
_RELATED_WEIGHT: Final = 0.6
_RELATED_PREFIX: Final = 5

_ANNOUNCEMENT: Final = re.compile(
    r"\?$|^(?:and |but |so )*(?:let us|let me|let's|next\b|now,? (?:for|let|on|to|we)\b|(?:in )?section\b"
    r"|here (?:is|are|come)|(?:this|that|which) (?:brings|leads|takes)\b"
    r"|(?:our|we|i) (?:can |must )?(?:first|last|next|now)\b)"
    r"|\b(?:we|i) (?:shall|will)\b",
    re.IGNORECASE,
)
_SIGNS: Final[Mapping[Sought, re.Pattern[str]]] = {
    Sought.DEFINITION: re.compile(r"\b(?:called|known as|named|means?|meaning|refers to|definition|is an?|are the)\b"),
    Sought.PERSON: re.compile(r"\b[A-Z]\w+ [A-Z]\w+"),
    Sought.QUANTITY: re.compile(r"[0-9]"),
    Sought.REASON: re.compile(r"\b(?:because|cause[sd]?|due to|explains?|reason|since|so that|therefore|why)\b"),
    Sought.TIME: re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})s?\b|\bcentury\b"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a sentence, with its neighbours, answers a question.

    `coverage` is the share of the question (rare terms weigh more) that the passage mentions, from 0 to 1, and
    `own_coverage` that of the sentence alone; `fresh_terms` counts the newest message's terms in the passage.
    """

    position: int
    score: float
    coverage: float
    own_coverage: float
    fresh_terms: int


class Ranking:
    """An index over the sentences of one transcript; building it is most of the work, and it never changes after."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences = sentences
        self._stems = [
            [stem(word) for word in tokenise(sentence.text) if word not in STOP_WORDS] for sentence in sentences
        ]
        self._postings: defaultdict[str, dict[int, int]] = defaultdict(dict)
        for position, stems in enumerate(self._stems):
            for term, count in Counter(stems).items():
                self._postings[term][position] = count
        self._average_length = sum(map(len, self._stems)) / max(1, len(self._stems)) or 1.0
        self._announces = [bool(_ANNOUNCEMENT.search(sentence.text)) for sentence in sentences]

    def matches(self, question: Question) -> list[Match]:
        """Every sentence that has to do with the question, best first, earlier first among equals."""
        scores: defaultdict[int, float] = defaultdict(float)
        covered: defaultdict[int, float] = defaultdict(float)
        own: defaultdict[int, float] = defaultdict(float)
        fresh_terms: Counter[int] = Counter()
        whole = 0.0
        for term, weight in question.terms.items():
            counts, closeness = self._find(term)
            value = weight * self._rarity(len(counts))
            whole += value
            for position, frequency in self._with_neighbours(counts).items():
                scores[position] += value * closeness * self._damped(frequency, position)
                covered[position] += value * closeness
                own[position] += value * closeness if position in counts else 0.0
                fresh_terms[position] += term in question.fresh
        for first, second in question.phrases:
            counts = self._side_by_side(first, second)
            value = _PHRASE_WEIGHT * self._rarity(len(counts)) * min(question.terms[first], question.terms[second])
            for position, frequency in self._with_neighbours(counts).items():
                scores[position] += value * self._damped(frequency, position)
        found = [
            Match(
                position=position,
                score=score * self._fitness(position, question.sought),
                coverage=covered[position] / whole,
                own_coverage=own[position] / whole,
                fresh_terms=fresh_terms[position],
            )
            for position, score in scores.items()
        ]
        return sorted(found, key=lambda match: (-match.score, match.position))

    def announces(self, position: int) -> bool:
        """Whether the sentence asks or opens a subject, so that its answer follows it."""
        return self._announces[position]

    def shows(self, position: int, sought: Sought) -> bool:
        """Whether the sentence looks like that kind of answer: a number, a year, a name, a reason, a definition."""
        signs = _SIGNS.get(sought)
        in_range = position < len(self.sentences)
        return signs is not None and in_range and signs.search(self.sentences[position].text) is not None

    def centrality(self) -> list[float]:
        """For each sentence, how much of what the whole transcript dwells on it mentions."""
        weights = {
            term: sum(counts.values()) * self._rarity(len(counts))
            for term, counts in self._postings.items()
            if len(counts) > 1
        }
        central: list[float] = []
        for position, stems in enumerate(self._stems):
            dwelt_on = sum(weights.get(term, 0.0) for term in set(stems))
            factor = _OPENS_SUBJECT_BONUS if self._announces[position] else 1.0
            central.append(factor * dwelt_on / sqrt(max(len(stems), self._average_length)))
        return central

    def _find(self, term: str) -> tuple[Mapping[int, int], float]:
        """Where the term stands, and 1; for an unknown one where words that begin alike stand, and what those count."""
        if term in self._postings or len(term) < _RELATED_PREFIX:
            return self._postings.get(term, {}), 1.0
        merged: Counter[int] = Counter()
        for known, counts in self._postings.items():
            if known.startswith(term[:_RELATED_PREFIX]):
                merged.update(counts)
        return merged, _RELATED_WEIGHT

    def _with_neighbours(self, counts: Mapping[int, int]) -> Mapping[int, float]:
        """Counts as passages have them: a sentence also has some of what stands around it, the less the further off."""
        spread: defaultdict[int, float] = defaultdict(float)
        last = len(self.sentences) - 1
        for position, count in counts.items():
            spread[position] += count
            for distance, share in enumerate(_SHARES_BEFORE, start=1):
                if position - distance >= 0:
                    spread[position - distance] += count * share
            for distance, share in enumerate(_SHARES_AFTER, start=1):
                if position + distance <= last:
                    announced = distance == 1 and self._announces[position]
                    spread[position + distance] += count * (_ANNOUNCED_SHARE if announced else share)
        return spread

    def _side_by_side(self, first: str, second: str) -> Mapping[int, int]:
        both = self._postings.get(first, {}).keys() & self._postings.get(second, {}).keys()
        return {position: 1 for position in both if (first, second) in pairwise(self._stems[position])}

    def _rarity(self, sentences_with_it: int) -> float:
        total = len(self.sentences)
        return log(1 + (total - sentences_with_it + 0.5) / (sentences_with_it + 0.5))

    def _damped(self, frequency: float, position: int) -> float:
        length = max(_SHORTEST_LENGTH, len(self._stems[position]) / self._average_length)
        return frequency * (_K1 + 1) / (frequency + _K1 * (1 - _B + _B * length))

    def _fitness(self, position: int, sought: Sought) -> float:
        if self.shows(position, sought):
            bonus = _SOUGHT_BONUS
        else:
            bonus = _SOUGHT_NEXT_BONUS if self.shows(position + 1, sought) else 1.0
        return bonus * (_ROADMAP_FACTOR if self._is_roadmap(position) else 1.0)

    def _is_roadmap(self, position: int) -> bool:
        """Whether it announces among announcements: the plan of a talk names every subject and answers nothing."""
        around = self._announces[max(0, position - 1) : position + 2]
        return self._announces[position] and sum(around) > 1
