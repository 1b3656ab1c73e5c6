"""How well the extractive model answers the labelled questions: `make evaluate`, or `--details` for the misses of tuning."""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Final, TypedDict

from services.llm.chat_model import ChatRequest, ChatTurn, Segment
from services.llm.citations import parse_citations
from services.llm.extractive import compose_answer
from services.llm.passages import Judge
from services.llm.prompts import REFUSAL
from services.videos.timestamps import parse_timestamp
from tests.evaluation.questions import SAMPLES, LabelledQuestion, QuestionSet, load, new_held_out, samples

BEFORE_SECONDS: Final = 5
AFTER_SECONDS: Final = 15
"""A citation stands for what is said from its stamp on, and points that near are merged into the first of them."""

_CITATIONS_COUNTED: Final = 3
_QUOTED: Final = re.compile(r"\N{LEFT DOUBLE QUOTATION MARK}([^\[]*)\N{RIGHT DOUBLE QUOTATION MARK} \[([0-9:]+)\]")


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

    def stretches(self) -> list[list[tuple[float, float]]]:
        """For each citation, in their order, what it stands for, and the stretch of the words quoted beside it."""
        spoken = spoken_words(self.question.video)
        quotes = {parse_timestamp(stamp) or 0.0: quote for quote, stamp in _QUOTED.findall(self.answer)}
        return [
            [(seconds - BEFORE_SECONDS, seconds + AFTER_SECONDS), *_spoken_at(quotes.get(seconds, ""), seconds, spoken)]
            for seconds in self.cited
        ]

    def hits(self, citations: int) -> bool:
        """Whether one of so many first citations leads to a span that answers."""
        return any(
            first <= end and start <= last
            for stretches in self.stretches()[:citations]
            for first, last in stretches
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


@cache
def spoken_words(name: str) -> list[tuple[str, float, float]]:
    """Every word of a sample video with the seconds between which it is spoken, each word of a cue as long as another."""
    words: list[tuple[str, float, float]] = []
    for cue in lecture(name)[1] if name in samples() else ():
        said = cue.text.split()
        each = cue.duration_seconds / max(1, len(said))
        words += [
            (word, cue.start_seconds + index * each, cue.start_seconds + (index + 1) * each)
            for index, word in enumerate(said)
        ]
    return words


def _spoken_at(quote: str, seconds: float, spoken: Sequence[tuple[str, float, float]]) -> list[tuple[float, float]]:
    """Where the words of a quote are spoken, of several places the one nearest to its stamp."""
    said = quote.replace("**", "").replace("\N{HORIZONTAL ELLIPSIS}", "").split()
    places = [
        (spoken[first][1], spoken[first + len(said) - 1][2])
        for first in range(len(spoken) - len(said) + 1)
        if said and spoken[first][0] == said[0] and [word for word, *_ in spoken[first : first + len(said)]] == said
    ]
    return sorted(places, key=lambda place: abs(place[0] - seconds))[:1]


def answer(video: str, question: str, judge: Judge = attrgetter("suffices")) -> str:
    """What somebody gets who asks this first."""
    title, segments = lecture(video)
    turns = [ChatTurn(role="user", content=question)]
    return compose_answer(ChatRequest(title=title, segments=segments, turns=turns), judge=judge)


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


def line(name: str, figures: Figures) -> str:
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
        line(f"tuning, {video}", count(outcome for outcome in tuning if outcome.question.video == video))
        for video in samples()
    ]
    lines.append(line("tuning", count(tuning)))
    if not options.tuning_only:
        new = new_held_out()
        held_out = ask_all("held_out")
        lines.append(line("held out", count(held_out)))
        lines.append(line("held out, all new", count(outcome for outcome in held_out if outcome.question in new)))
    if options.details:
        lines += ["", *_details(tuning)]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
