"""The labelled questions are well formed: a slip in a label would pass for a slip of the assistant."""

import pytest

from tests.evaluation.questions import COUNTS, LabelledQuestion, QuestionSet, load, new_held_out, samples, wording

TOLERANCE_SECONDS = 0.02  # the files round to hundredths


@pytest.mark.parametrize("name", COUNTS)
def test_as_many_questions_as_promised(name: QuestionSet) -> None:
    questions = load(name)

    counts = COUNTS[name]
    for video in samples():
        assert sum(q.answerable and q.video == video for q in questions) == counts.answerable_a_video
        assert any(not q.answerable and q.video == video for q in questions)
    assert sum(not q.answerable for q in questions) == counts.unanswerable


@pytest.mark.parametrize("name", COUNTS)
def test_spans_begin_and_end_where_segments_do(name: QuestionSet) -> None:
    videos = samples()
    for question in load(name):
        segments = videos[question.video].segments
        for start, end in question.answer_spans:
            assert any(abs(segment.start - start) < TOLERANCE_SECONDS for segment in segments), question
            assert any(abs(segment.end - end) < TOLERANCE_SECONDS for segment in segments), question


@pytest.mark.parametrize("name", COUNTS)
def test_no_question_stands_twice(name: QuestionSet) -> None:
    assert len({wording(question) for question in load(name)}) == len(load(name))


def test_few_held_out_questions_were_asked_before() -> None:
    """Who wrote them had not read the development questions; what both asked is left out of the last figures."""
    new = new_held_out()

    assert sum(question.answerable for question in new) == 26
    assert sum(not question.answerable for question in new) == 18


@pytest.mark.parametrize("spans", [[[5, 4]], [[3, 3]], [[10, 12], [1, 2]], [[1, 5], [4, 6]], [[-3, 2]]])
def test_spans_that_do_not_run_forward_are_refused(spans: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="answer spans"):
        LabelledQuestion.model_validate({"video": "v", "question": "why so?", "note": "so", "answer_spans": spans})
