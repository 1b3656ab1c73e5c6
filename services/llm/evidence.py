"""Whether a transcript answers a question at all: a good match is no answer where what was asked for is never said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.llm.questions import Question, Sought
from services.llm.ranking import Match, Ranking

_NAME: Final = re.compile(r"(?<=[^\W\d_] )[A-Z][^\W\d_]+|[A-Z]\w+ [A-Z]\w+")
_MOST_TERMS: Final = 6
_MOST_ABSENT: Final = 2
_FEWEST_TERMS: Final = 2

_BIAS: Final = -2.2
_WEIGHTS: Final = (2.5, 2.5, -1.6, -1.5, -2.2)
"""Fitted by tests/evaluation/calibrate.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for and against an answer. `coverage`, `score` and `absent` are shares of the question."""

    coverage: float
    score: float
    absent: float
    """What the transcript mentions nowhere, nor anything like it."""
    terms: int
    nameless: bool
    """Whether it asks for a person, and nobody is named where the best match is."""
    unasked: bool
    """Whether the thing asked for (`which rule`) is missing where the best match is."""

    @property
    def signs(self) -> tuple[float, ...]:
        """As numbers, in the order of the weights."""
        absent_terms = min(self.absent * self.terms, _MOST_ABSENT)
        return self.coverage, self.score, absent_terms, self.nameless, self.unasked

    @property
    def suffices(self) -> bool:
        """A logistic model's yes."""
        return _BIAS + sum(weight * sign for weight, sign in zip(_WEIGHTS, self.signs, strict=True)) > 0


def weigh(question: Question, ranking: Ranking, matches: Sequence[Match]) -> Evidence:
    """The evidence of the matches, of which there is at least one, the best first."""
    traces = ranking.trace(question)
    whole = sum(trace.value for trace in traces.values())
    best = matches[0].position
    around = range(max(0, best - 1), min(len(ranking.sentences), best + 3))
    asked = traces.get(question.asked) if question.asked else None
    return Evidence(
        coverage=max(match.coverage for match in matches),
        score=matches[0].score,
        absent=sum(trace.value for trace in traces.values() if not trace.places) / whole,
        terms=min(len(traces), _MOST_TERMS),
        nameless=question.sought is Sought.PERSON
        and not any(_NAME.search(ranking.sentences[position].text) for position in around),
        unasked=asked is not None and not any(position in asked.places for position in around),
    )
