"""How well each sentence of a transcript answers a question or stands for the whole: rare terms that are heard by the neighbours too."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Final

from services.llm.questions import Question, Sought
from services.llm.sentences import Sentence
from services.llm.synonyms import related
from services.llm.words import STOP_WORDS, stem, tokenise

_SHARES: Final[Mapping[int, float]] = {
    **dict.fromkeys(range(-7, 11), 0.05),
    **dict(zip(range(-3, 5), (0.1, 0.17, 0.27, 1.0, 0.8, 0.33, 0.17, 0.1), strict=True)),
}
"""What a term counts for the sentence so many after the one that has it: most answers follow what names their subject."""

_WINDOW_SHARES: Final[Mapping[int, float]] = dict(
    zip(range(-4, 6), (0.3, 0.5, 0.7, 0.9, 1.0, 0.95, 0.85, 0.7, 0.5, 0.3), strict=True)
)
"""The same for the stretch of half a minute or so around: it finds the place, the shares above the sentence within it."""

_NEAR_SHARES: Final[Mapping[int, float]] = {0: 1.0, 1: 0.9, 2: 0.3, -1: 0.7}
"""The same for saying whether one place speaks of the whole question."""

_FEWEST_CLOSE: Final = 0.3
_MOST_COMMON: Final = 0.25
"""What nobody says in that word is as rare as what comes close to it, and at the most in so much of the sentences."""

_PHRASE_WEIGHT: Final = 0.17
_PHRASE_BEFORE_WEIGHT: Final = 0.1
_SOUGHT_BONUS: Final = 0.1
_ANNOUNCEMENT_COST: Final = 0.17
_ROADMAP_COST: Final = 0.33
_SHORT_COST: Final = 0.05
_FEWEST_WORDS: Final = 7
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
    Sought.QUANTITY: re.compile(
        r"[0-9]|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|half|third|quarter|once|twice"
        r"|double|percent)\b"
    ),
    Sought.REASON: re.compile(r"\b(?:because|cause[sd]?|due to|explains?|reason|since|so that|therefore|why)\b"),
    Sought.TIME: re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})s?\b|\bcentury\b"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a sentence, with its neighbours, answers a question; the figures are shares of the whole question.

    Rare terms weigh more. `score` also counts what stands further off and what the sentence looks like; `coverage` is
    what the sentence and those next to it mention, `own_coverage` what it mentions alone; `terms` counts the newest
    message's terms in `coverage`.
    """

    position: int
    score: float
    coverage: float
    own_coverage: float
    terms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a term of a question stands in a transcript, from 0 to 1 how nearly in that form, and what it weighs."""

    value: float
    places: Mapping[int, float]


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
        self._short = [len(sentence.text.split()) < _FEWEST_WORDS for sentence in sentences]

    def trace(self, question: Question) -> Mapping[str, Trace]:
        """Every term of the question; without places where the transcript has neither it nor anything like it.

        Words about the question itself, and general ones, are left out where nobody says them.
        """
        found: dict[str, Trace] = {}
        for term, weight in question.terms.items():
            places = self._find(term)
            if not places and term not in question.fresh:
                continue
            count = len(self._postings.get(term, ())) or self._near_count(places)
            value = weight * self._rarity(count)
            found[term] = Trace(value=value, places=places)
        return found

    def matches(self, question: Question) -> list[Match]:
        """Every sentence that has to do with the question, best first, earlier first among equals."""
        traces = self.trace(question)
        whole = sum(trace.value for trace in traces.values())
        scores: defaultdict[int, float] = defaultdict(float)
        covered: defaultdict[int, float] = defaultdict(float)
        own: defaultdict[int, float] = defaultdict(float)
        terms: Counter[int] = Counter()
        for term, trace in traces.items():
            share = trace.value / whole
            for position, heard in self._heard(trace.places, _SHARES).items():
                scores[position] += share * heard
            for position, heard in self._heard(trace.places, _WINDOW_SHARES).items():
                scores[position] += share * heard
            for position, heard in self._heard(trace.places, _NEAR_SHARES).items():
                covered[position] += share * heard
                terms[position] += term in question.fresh
            for position, closeness in trace.places.items():
                own[position] += share * closeness
        for position, bonus in self._phrases(question).items():
            scores[position] += bonus / whole
        found = [
            Match(
                position=position,
                score=score + self._looks(position, question.sought),
                coverage=covered[position],
                own_coverage=own[position],
                terms=terms[position],
            )
            for position, score in scores.items()
        ]
        return sorted(found, key=lambda match: (-match.score, match.position))

    def knows(self, term: str) -> bool:
        """Whether anybody says it."""
        return term in self._postings

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

    def _find(self, term: str) -> Mapping[int, float]:
        """Where the term stands, or a synonym; for an unknown one also where words that begin alike do."""
        places: dict[int, float] = {}
        if term not in self._postings and len(term) >= _RELATED_PREFIX:
            for known, counts in self._postings.items():
                if known.startswith(term[:_RELATED_PREFIX]):
                    places |= dict.fromkeys(counts, _RELATED_WEIGHT)
        for other, closeness in related(term).items():
            for position in self._postings.get(other, ()):
                places[position] = max(places.get(position, 0.0), closeness)
        return places | dict.fromkeys(self._postings.get(term, ()), 1.0)

    def _near_count(self, places: Mapping[int, float]) -> int:
        near = sum(closeness > _FEWEST_CLOSE for closeness in places.values())
        return min(near, int(len(self.sentences) * _MOST_COMMON))

    def _heard(self, places: Mapping[int, float], shares: Mapping[int, float]) -> Mapping[int, float]:
        """The same for each sentence around as well: of all that is near, what counts most."""
        heard: defaultdict[int, float] = defaultdict(float)
        count = len(self.sentences)
        for position, closeness in places.items():
            for distance, share in shares.items():
                near = position + distance
                if 0 <= near < count and heard[near] < closeness * share:
                    heard[near] = closeness * share
        return heard

    def _phrases(self, question: Question) -> Mapping[int, float]:
        """What the sentences gain that have two terms side by side, as the question has them, and the next ones."""
        gained: defaultdict[int, float] = defaultdict(float)
        for first, second in question.phrases:
            worth = self._rarity(1) * min(question.terms[first], question.terms[second])
            for position in self._side_by_side(first, second):
                gained[position] += worth * _PHRASE_WEIGHT
                if position + 1 < len(self.sentences):
                    gained[position + 1] += worth * _PHRASE_BEFORE_WEIGHT
        return gained

    def _side_by_side(self, first: str, second: str) -> list[int]:
        both = self._postings.get(first, {}).keys() & self._postings.get(second, {}).keys()
        return [position for position in both if (first, second) in pairwise(self._stems[position])]

    def _rarity(self, sentences_with_it: int) -> float:
        total = len(self.sentences)
        return log(1 + (total - sentences_with_it + 0.5) / (sentences_with_it + 0.5))

    def _looks(self, position: int, sought: Sought) -> float:
        """What its form says for or against the sentence as an answer."""
        return (
            _SOUGHT_BONUS * self.shows(position, sought)
            - _ANNOUNCEMENT_COST * self._announces[position]
            - _ROADMAP_COST * self._is_roadmap(position)
            - _SHORT_COST * self._short[position]
        )

    def _is_roadmap(self, position: int) -> bool:
        """Whether it announces among announcements: the plan of a talk names every subject and answers nothing."""
        around = self._announces[max(0, position - 1) : position + 2]
        return self._announces[position] and sum(around) > 1
