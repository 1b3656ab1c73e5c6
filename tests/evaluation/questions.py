"""The labelled questions about the sample videos, read and checked."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parents[1] / "db" / "samples"

QuestionSet = Literal["tuning", "held_out"]


class Counts(NamedTuple):
    answerable_a_video: int
    unanswerable: int


COUNTS: dict[QuestionSet, Counts] = {
    "tuning": Counts(answerable_a_video=25, unanswerable=44),
    "held_out": Counts(answerable_a_video=10, unanswerable=20),
}


class Segment(BaseModel):
    start: float = Field(alias="startSeconds")
    duration: float = Field(alias="durationSeconds")

    @property
    def end(self) -> float:
        return self.start + self.duration


class Sample(BaseModel):
    """What the labels need to know of a sample video."""

    youtube_id: str = Field(alias="youtubeId")
    segments: list[Segment] = Field(min_length=1)

    @property
    def end(self) -> float:
        return self.segments[-1].end


class Span(NamedTuple):
    """A stretch of the video, in seconds."""

    start: float
    end: float


class LabelledQuestion(BaseModel):
    """A question with every stretch that answers it; without one, the only right answer is the refusal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    video: str
    question: Annotated[str, Field(min_length=5)]
    answer_spans: tuple[Span, ...] = ()
    note: Annotated[str, Field(min_length=1)]

    @property
    def answerable(self) -> bool:
        return bool(self.answer_spans)

    @model_validator(mode="after")
    def _spans_run_forward(self) -> Self:
        end = -1.0
        for span in self.answer_spans:
            if not end <= span.start < span.end:
                raise ValueError("answer spans are in order of time and do not overlap")
            end = span.end
        return self


class QuestionFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    questions: list[LabelledQuestion]


def samples() -> dict[str, Sample]:
    """The sample videos by their ids."""
    read = (Sample.model_validate_json(path.read_bytes()) for path in sorted(SAMPLES.glob("*.json")))
    return {sample.youtube_id: sample for sample in read}


def load(name: QuestionSet) -> list[LabelledQuestion]:
    """The questions of a set; a ValueError if they do not fit the videos or the promised counts."""
    content = tomllib.loads((FOLDER / f"questions_{name}.toml").read_text(encoding="utf-8"))
    questions = QuestionFile.model_validate(content).questions
    videos = samples()
    for question in questions:
        _check_video(question, videos)
    _check_counts(questions, COUNTS[name], videos)
    return questions


def wording(question: LabelledQuestion) -> tuple[str, str]:
    """What makes two questions the same: the video, and the words without case and signs."""
    words = "".join(letter if letter.isalnum() else " " for letter in question.question.casefold()).split()
    return question.video, " ".join(words)


def new_held_out() -> list[LabelledQuestion]:
    """The held-out questions that no development question asks in the same words or has the same answer spans as."""
    tuning = load("tuning")
    asked = {wording(question) for question in tuning}
    answered = {(question.video, question.answer_spans) for question in tuning if question.answerable}
    return [
        question
        for question in load("held_out")
        if wording(question) not in asked and (question.video, question.answer_spans) not in answered
    ]


def _check_video(question: LabelledQuestion, videos: dict[str, Sample]) -> None:
    if question.video not in videos:
        raise ValueError(f"no sample video is called {question.video}")
    if question.answer_spans and question.answer_spans[-1].end > videos[question.video].end + 0.01:
        raise ValueError(f"a span ends after {question.video}: {question.question}")


def _check_counts(questions: list[LabelledQuestion], counts: Counts, videos: dict[str, Sample]) -> None:
    answerable = Counter(question.video for question in questions if question.answerable)
    if answerable != dict.fromkeys(videos, counts.answerable_a_video):
        raise ValueError(f"answerable questions of each video: {dict(answerable)}")
    if len(questions) - answerable.total() != counts.unanswerable:
        raise ValueError(f"unanswerable questions: {len(questions) - answerable.total()}")
