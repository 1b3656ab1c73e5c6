"""What the extractive model reaches on the labelled questions must not get lost; docs/evaluation.md has the figures."""

import pytest

from services.llm.citations import cite
from services.videos.timestamps import format_timestamp
from tests.evaluation.evaluate import AFTER_SECONDS, Outcome, ask_all, count, lecture
from tests.evaluation.questions import COUNTS, LabelledQuestion, QuestionSet, Span


def _outcome(answer: str, *spans: tuple[float, float], video: str = "v") -> Outcome:
    labelled = LabelledQuestion(
        video=video, question="Why so?", note="so", answer_spans=tuple(Span(*span) for span in spans)
    )
    return Outcome(question=labelled, answer=answer)


@pytest.mark.parametrize(
    ("name", "hit_1", "hit_3", "false_answers"),
    [("tuning", 45, 57, 3), ("held_out", 18, 23, 2)],
)
def test_no_worse_than_written_down(name: QuestionSet, hit_1: int, hit_3: int, false_answers: int) -> None:
    figures = count(ask_all(name))

    assert figures.answerable == 3 * COUNTS[name].answerable_a_video
    assert figures.unanswerable == COUNTS[name].unanswerable
    assert figures.hit_1 >= hit_1
    assert figures.hit_3 >= hit_3
    assert figures.false_answers <= false_answers


@pytest.mark.parametrize("name", COUNTS)
def test_every_citation_is_the_start_of_a_cue_that_is_quoted(name: QuestionSet) -> None:
    for number, outcome in enumerate(ask_all(name)):
        segments = lecture(outcome.question.video)[1]
        starts = {int(segment.start_seconds) for segment in segments}
        spoken = " ".join(segment.text for segment in segments)
        quotes = outcome.answer.replace("**", "").split("\N{LEFT DOUBLE QUOTATION MARK}")[1:]

        assert set(outcome.cited) <= starts, number
        assert len(cite(outcome.answer, segments)) == len(outcome.cited) == len(quotes), number
        assert all(quote.rpartition("\N{RIGHT DOUBLE QUOTATION MARK}")[0] in spoken for quote in quotes), number


def test_a_citation_stands_for_fifteen_seconds_from_its_stamp() -> None:
    spans = ((100.0, 110.0), (200.0, 210.0))

    assert all(_outcome(f"So. [{stamp}]", *spans).hits(1) for stamp in ("1:25", "1:55", "3:05", "3:35"))
    assert not any(_outcome(f"So. [{stamp}]", *spans).hits(1) for stamp in ("1:24", "1:56", "3:04", "3:36"))


def test_the_words_quoted_beside_a_citation_count_where_they_are_spoken() -> None:
    video, (_, segments) = "sample-tide", lecture("sample-tide")
    quoted = segments[40:44]
    text = " ".join(segment.text for segment in quoted)
    last = quoted[-1]
    end = last.start_seconds + last.duration_seconds
    stamp = format_timestamp(quoted[0].start_seconds)
    answer = f"\N{LEFT DOUBLE QUOTATION MARK}**{text}**\N{RIGHT DOUBLE QUOTATION MARK} [{stamp}]"

    assert end - quoted[0].start_seconds > AFTER_SECONDS + 1
    assert _outcome(answer, (end - 0.5, end + 9), video=video).hits(1)
    assert not _outcome(answer, (end + 0.5, end + 9), video=video).hits(1)
    assert not _outcome(f"So. [{stamp}]", (end - 0.5, end + 9), video=video).hits(1)


def test_only_the_first_citations_count() -> None:
    outcome = _outcome("So [0:01], so [0:02], so [0:03], and so [1:40].", (100.0, 110.0))

    assert [outcome.hits(citations) for citations in (1, 3, 4)] == [False, False, True]
