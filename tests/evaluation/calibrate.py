"""Fits the weights of `services.llm.evidence` to the tuning questions, and says how they do on a video left out.

Each question is also put to the other two videos, which do not answer it; those weigh less, for they are easy to refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from services.llm.chat_model import ChatTurn
from services.llm.evidence import weigh
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import split_sentences
from tests.evaluation.evaluate import lecture
from tests.evaluation.questions import load, samples

_NAMES: Final = ("bias", "coverage", "score", "absent terms", "nameless", "unasked")
_STRANGER_WEIGHT: Final = 0.15
_UNANSWERABLE_WEIGHT: Final = 1.5
_DECAY: Final = 0.003
_STEPS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What speaks for and against an answer, whether there is one, and how much it counts."""

    video: str
    evidence: tuple[float, ...]
    answerable: bool
    weight: float


def examples() -> list[Example]:
    """Every tuning question, asked of every video."""
    rankings = {video: Ranking(split_sentences(lecture(video)[1])) for video in samples()}
    found: list[Example] = []
    for asked in load("tuning"):
        for video, ranking in rankings.items():
            question = read_question([ChatTurn(role="user", content=asked.question)], lecture(video)[0])
            matches = ranking.matches(question)
            if not matches:
                continue
            answerable = asked.answerable and video == asked.video
            own = 1.0 if answerable else _UNANSWERABLE_WEIGHT
            weight = own if video == asked.video else _STRANGER_WEIGHT
            evidence = (1.0, *weigh(question, ranking, matches).signs)
            found.append(Example(video=video, evidence=evidence, answerable=answerable, weight=weight))
    return found


def fit(given: Sequence[Example]) -> list[float]:
    """Logistic regression by gradient descent; the weights, the bias first."""
    weights = [0.0] * len(_NAMES)
    whole = sum(example.weight for example in given)
    for _ in range(_STEPS):
        slopes = [0.0, *(_DECAY * weight for weight in weights[1:])]
        for example in given:
            error = example.weight * (_likelihood(weights, example) - example.answerable) / whole
            for index, sign in enumerate(example.evidence):
                slopes[index] += error * sign
        weights = [weight - slope for weight, slope in zip(weights, slopes, strict=True)]
    return weights


def _likelihood(weights: Sequence[float], example: Example) -> float:
    return 1 / (1 + exp(-sum(w * sign for w, sign in zip(weights, example.evidence, strict=True))))


def _errors(weights: Sequence[float], given: Sequence[Example]) -> tuple[int, int, int]:
    own = [example for example in given if example.weight != _STRANGER_WEIGHT]
    strangers = [example for example in given if example.weight == _STRANGER_WEIGHT]
    return (
        sum(example.answerable and _likelihood(weights, example) <= 0.5 for example in own),
        sum(not example.answerable and _likelihood(weights, example) > 0.5 for example in own),
        sum(_likelihood(weights, example) > 0.5 for example in strangers),
    )


def main() -> None:
    """Print the weights, and the errors when fitted to all videos and when fitted to the other two."""
    given = examples()
    weights = fit(given)
    lines = [f"{name:14}{weight:6.2f}" for name, weight in zip(_NAMES, weights, strict=True)]
    apart = [
        _errors(
            fit([example for example in given if example.video != video]),
            [example for example in given if example.video == video],
        )
        for video in samples()
    ]
    errors = [_errors(weights, given), tuple(sum(column) for column in zip(*apart, strict=True))]
    for name, (refused, answered, strangers) in zip(("all videos", "one left out"), errors, strict=True):
        lines.append(f"{name}: {refused} wrong refusals, {answered} false answers, {strangers} to another video's")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
