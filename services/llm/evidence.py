"""Whether a transcript answers a question at all: a good match is no answer where what was asked for is never said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.llm.questions import Question, Sought
from services.llm.ranking import Match, Ranking

_NAME: Final = re.compile(r"(?<=[^\W\d_] )[A-Z][^\W\d_]+|[A-Z]\w+ [A-Z]\w+")
_LONG_QUESTION: Final = 15
"""In words: who asks at length tells more of what the answer mentions."""

_BIAS: Final = -4.4
_WEIGHTS: Final = (5.4, 2.2, -1.8, 0.9, -0.75, -0.85, -1.5)
"""Fitted by tests/evaluation/calibrate.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for and against an answer."""

    coverage: float
    """The share of the question that the best place mentions."""
    length: float
    strange: bool
    """Whether it names somebody or something that is never said."""
    reason: bool
    """Whether it asks why: talks explain more than they tell particulars of their subject."""
    quantity: bool
    """Whether it asks for a number or a date, a particular that is often not told."""
    nameless: bool
    """Whether it asks for a person, and nobody is named where the best match is."""

    unasked: bool
    """Whether the thing asked for (`which rule`) is missing where the best match is."""

    @property
    def signs(self) -> tuple[float, ...]:
        """As numbers, in the order of the weights."""
        return self.coverage, self.length, self.strange, self.reason, self.quantity, self.nameless, self.unasked

    @property
    def suffices(self) -> bool:
        """A logistic model's yes."""
        return _BIAS + sum(weight * sign for weight, sign in zip(_WEIGHTS, self.signs, strict=True)) > 0


def weigh(question: Question, ranking: Ranking, matches: Sequence[Match]) -> Evidence:
    """The evidence of the matches, of which there is at least one, the best first."""
    best = matches[0].position
    around = range(max(0, best - 1), min(len(ranking.sentences), best + 3))
    traces = ranking.trace(question)
    asked = traces.get(question.asked) if question.asked else None
    return Evidence(
        coverage=max(match.coverage for match in matches),
        length=min(question.length, _LONG_QUESTION) / _LONG_QUESTION,
        strange=not all(ranking.knows(name) for name in question.names),
        reason=question.sought is Sought.REASON,
        quantity=question.sought in {Sought.QUANTITY, Sought.TIME},
        nameless=question.sought is Sought.PERSON
        and not any(_NAME.search(ranking.sentences[position].text) for position in around),
        unasked=asked is not None and not any(position in asked.places for position in around),
    )
