"""Fits the weights of `services.llm.evidence` to the tuning questions, and cross-validates what Wiz reaches with them.

Each question is also put to the other two videos, which do not answer it; those weigh less, for they are easy to refuse.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from math import exp
from random import Random
from typing import Final

from services.llm.chat_model import ChatTurn
from services.llm.evidence import Evidence, weigh
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import split_sentences
from tests.evaluation.evaluate import Outcome, answer, count, lecture, line
from tests.evaluation.questions import LabelledQuestion, load, samples

_NAMES: Final = ("bias", "coverage", "length", "strange", "reason", "quantity", "nameless", "unasked")
_STRANGER_WEIGHT: Final = 0.15
_DECAY: Final = 0.003
_STEPS: Final = 3_000
_MOST_FALSE: Final = 0.1
_HALVINGS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A question asked of a video: what speaks for and against an answer, whether there is one, and how much it counts."""

    asked: LabelledQuestion
    video: str
    evidence: tuple[float, ...]
    answerable: bool

    @property
    def own(self) -> bool:
        return self.video == self.asked.video

    @property
    def weight(self) -> float:
        return 1.0 if self.own else _STRANGER_WEIGHT


def examples() -> list[Example]:
    """Every tuning question, asked of every video."""
    rankings = {video: Ranking(split_sentences(lecture(video)[1])) for video in samples()}
    found: list[Example] = []
    for asked in load("tuning"):
        for video, ranking in rankings.items():
            question = read_question([ChatTurn(role="user", content=asked.question)], lecture(video)[0])
            matches = ranking.matches(question)
            signs = weigh(question, ranking, matches).signs if matches else [0.0] * (len(_NAMES) - 1)
            answerable = asked.answerable and video == asked.video
            found.append(Example(asked=asked, video=video, evidence=(1.0, *signs), answerable=answerable))
    return found


def fit(given: Sequence[Example]) -> list[float]:
    """Logistic regression by gradient descent; then the bias by which the most are answered at a tenth of false answers."""
    weights = [0.0] * len(_NAMES)
    whole = sum(example.weight for example in given)
    for _ in range(_STEPS):
        slopes = [0.0, *(_DECAY * weight for weight in weights[1:])]
        for example in given:
            error = example.weight * (1 / (1 + exp(-_sum(weights, example.evidence))) - example.answerable) / whole
            for index, sign in enumerate(example.evidence):
                slopes[index] += error * sign
        weights = [weight - slope for weight, slope in zip(weights, slopes, strict=True)]
    return [weights[0] - _threshold(weights, given), *weights[1:]]


def _threshold(weights: Sequence[float], given: Sequence[Example]) -> float:
    """Between the last false answer that is allowed and the next."""
    own = [example for example in given if example.own and not example.answerable]
    sums = sorted((_sum(weights, example.evidence) for example in own), reverse=True)
    allowed = int(_MOST_FALSE * len(sums))
    return (sums[allowed - 1] + sums[allowed]) / 2


def _sum(weights: Sequence[float], evidence: Sequence[float]) -> float:
    return sum(weight * sign for weight, sign in zip(weights, evidence, strict=True))


@cache
def _reply(video: str, question: str, *, refuse: bool) -> str:
    return answer(video, question, judge=_never if refuse else _always)


def _always(_: Evidence) -> bool:
    return True


def _never(_: Evidence) -> bool:
    return False


def outcomes(weights: Sequence[float], given: Iterable[Example]) -> list[Outcome]:
    """What the questions get from their own video with those weights."""
    return [
        Outcome(
            question=example.asked,
            answer=_reply(example.video, example.asked.question, refuse=_sum(weights, example.evidence) <= 0),
        )
        for example in given
        if example.own
    ]


def _apart(given: Sequence[Example], left_out: AbstractSet[Example]) -> list[Outcome]:
    """What those left out get with weights fitted to the rest."""
    weights = fit([example for example in given if example not in left_out])
    return outcomes(weights, [example for example in given if example in left_out])


def _videos(given: Sequence[Example]) -> list[Outcome]:
    return [
        outcome
        for video in samples()
        for outcome in _apart(given, {example for example in given if example.video == video})
    ]


def _halves(given: Sequence[Example]) -> list[Outcome]:
    questions = sorted({example.asked.question for example in given})
    found: list[Outcome] = []
    for seed in range(_HALVINGS):
        chosen = set(Random(seed).sample(questions, len(questions) // 2))  # noqa: S311 (the same halves each time)
        found += _apart(given, {example for example in given if example.asked.question in chosen})
    return found


def main() -> None:
    """Print the weights, and the figures when fitted to all, to the other two videos, and to the other half."""
    given = examples()
    weights = fit(given)
    lines = [f"{name:14}{weight:6.2f}" for name, weight in zip(_NAMES, weights, strict=True)]
    lines += [
        line("fitted to all", count(outcomes(weights, given))),
        line("one video left out", count(_videos(given))),
        line("half left out, 10 x", count(_halves(given))),
    ]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
