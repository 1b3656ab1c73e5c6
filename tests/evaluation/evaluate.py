"""How well the extractive model answers the labelled questions: `make evaluate`, or `--details` for the misses of tuning."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypedDict

from services.llm.chat_model import ChatRequest, ChatTurn, Segment
from services.llm.citations import parse_citations
from services.llm.extractive import compose_answer
from services.llm.prompts import REFUSAL
from tests.evaluation.questions import SAMPLES, LabelledQuestion, QuestionSet, load, samples

TOLERANCE_SECONDS: Final = 5
_CITATIONS_COUNTED: Final = 3


class _Cue(TypedDict):
    startSeconds: float
    durationSeconds: float
    text: str


class _Lecture(TypedDict):
    title: str
    segments: list[_Cue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A question with the whole answer that it got, as the first of a conversation."""

    question: LabelledQuestion
    answer: str

    @property
    def refused(self) -> bool:
        return self.answer == REFUSAL

    @property
    def cited(self) -> list[float]:
        return [stamp.seconds for stamp in parse_citations(self.answer)]

    def hits(self, citations: int) -> bool:
        """Whether one of so many first citations lies within a span that answers."""
        return any(
            start - TOLERANCE_SECONDS <= seconds <= end + TOLERANCE_SECONDS
            for seconds in self.cited[:citations]
            for start, end in self.question.answer_spans
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts over a set of questions. `wrong_refusals` are among the misses of both hits."""

    answerable: int
    hit_1: int
    hit_3: int
    wrong_refusals: int
    unanswerable: int
    false_answers: int


@cache
def lecture(name: str) -> tuple[str, list[Segment]]:
    """The title of a sample video and its transcript."""
    read: _Lecture = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return read["title"], [
        Segment(start_seconds=cue["startSeconds"], duration_seconds=cue["durationSeconds"], text=cue["text"])
        for cue in read["segments"]
    ]


def answer(video: str, question: str) -> str:
    """What somebody gets who asks this first."""
    title, segments = lecture(video)
    turns = [ChatTurn(role="user", content=question)]
    return compose_answer(ChatRequest(title=title, segments=segments, turns=turns))


def ask_all(name: QuestionSet) -> list[Outcome]:
    """Every question of a set, in the order of its file."""
    return [Outcome(question=asked, answer=answer(asked.video, asked.question)) for asked in load(name)]


def count(outcomes: Iterable[Outcome]) -> Figures:
    """The figures, counted as the README beside this file says."""
    outcomes = list(outcomes)
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    unanswerable = [outcome for outcome in outcomes if not outcome.question.answerable]
    return Figures(
        answerable=len(answerable),
        hit_1=sum(outcome.hits(1) for outcome in answerable),
        hit_3=sum(outcome.hits(_CITATIONS_COUNTED) for outcome in answerable),
        wrong_refusals=sum(outcome.refused for outcome in answerable),
        unanswerable=len(unanswerable),
        false_answers=sum(not outcome.refused for outcome in unanswerable),
    )


def _line(name: str, figures: Figures) -> str:
    def of(number: int, whole: int) -> str:
        return f"{number:3} of {whole} ({number / whole:4.0%})"

    return (
        f"{name:22} {of(figures.hit_1, figures.answerable)}   {of(figures.hit_3, figures.answerable)}"
        f"   {of(figures.wrong_refusals, figures.answerable)}   {of(figures.false_answers, figures.unanswerable)}"
    )


def _details(outcomes: Iterable[Outcome]) -> list[str]:
    lines: list[str] = []
    for outcome in outcomes:
        if outcome.question.answerable and not outcome.hits(1):
            kind = "refused" if outcome.refused else "not first" if outcome.hits(_CITATIONS_COUNTED) else "missed"
            wanted = ", ".join(f"{start:.0f}-{end:.0f}" for start, end in outcome.question.answer_spans)
            lines.append(f"{kind:12} {outcome.question.video}: {outcome.question.question}")
            lines.append(f"{'':12} wanted {wanted}; cited {[int(seconds) for seconds in outcome.cited]}")
        elif not outcome.question.answerable and not outcome.refused:
            lines.append(f"{'false answer':12} {outcome.question.video}: {outcome.question.question}")
            lines.append(f"{'':12} {outcome.answer.splitlines()[0]}")
    return lines


def main() -> None:
    """Print the figures of both sets; of the held-out one nothing but the sums, so that nobody tunes by it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--details", action="store_true", help="each miss of the tuning set")
    parser.add_argument("--tuning-only", action="store_true", help="leave the held-out set alone")
    options = parser.parse_args()
    tuning = ask_all("tuning")
    lines = [f"{'':22} {'hit@1':16}   {'hit@3':16}   {'wrong refusals':16}   false answers"]
    lines += [
        _line(f"tuning, {video}", count(outcome for outcome in tuning if outcome.question.video == video))
        for video in samples()
    ]
    lines.append(_line("tuning", count(tuning)))
    if not options.tuning_only:
        lines.append(_line("held out", count(ask_all("held_out"))))
    if options.details:
        lines += ["", *_details(tuning)]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
