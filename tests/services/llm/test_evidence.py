from collections.abc import Sequence

import pytest

from services.llm.chat_model import ChatTurn
from services.llm.evidence import Evidence, weigh
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence

FILLER = [f"Filler {word} stands between other subjects." for word in "alpha beta gamma delta epsilon".split()]
TALK = [*FILLER, "The engine of 1712 drained a mine of tin.", *FILLER, "William Thomson improved a machine.", *FILLER]


def _weigh(text: str, texts: Sequence[str] = TALK) -> Evidence:
    ranking = Ranking([Sentence(start_seconds=index * 10.0, text=text) for index, text in enumerate(texts)])
    question = read_question([ChatTurn(role="user", content=text)], "")
    return weigh(question, ranking, ranking.matches(question))


def test_what_one_place_mentions_suffices() -> None:
    evidence = _weigh("which engine drained the mine of tin")
    assert evidence.coverage == 1.0
    assert evidence.suffices


def test_what_is_never_said_speaks_against_an_answer() -> None:
    evidence = _weigh("Which engine drained a quarry for the duchess?")
    assert evidence.coverage < 0.6
    assert not evidence.suffices


def test_general_words_that_are_never_said_do_not() -> None:
    assert _weigh("please explain the nasty engine of the mine").coverage == 1.0


def test_synonyms_are_traces() -> None:
    assert _weigh("the duchess of tin").coverage < _weigh("the motor of tin").coverage < 1.0


def test_a_longer_question_may_leave_more_unsaid() -> None:
    short, long = _weigh("engine tin"), _weigh("engine tin " + "and so " * 20)
    assert 0.0 < short.length < long.length == 1.0
    assert short.coverage == long.coverage


def test_a_name_that_is_never_said_is_strange() -> None:
    assert _weigh("Which engine drained the mine at Dudley?").strange
    assert _weigh("Which engine drained the mine in 1713?").strange
    assert not _weigh("Which engine drained the mine in 1712 by William Thomson?").strange


def test_a_small_or_a_first_letter_makes_no_name() -> None:
    assert not _weigh("xq17z: which engine drained the mine").strange
    assert not _weigh("Dudley had an engine").strange
    assert not _weigh("WHICH ENGINE DRAINED THE MINE AT DUDLEY").strange


@pytest.mark.parametrize(
    ("asked", "reason", "quantity"),
    [("Why an engine?", True, False), ("How many engines?", False, True), ("When was the engine built?", False, True)],
)
def test_the_kind_of_question_counts(asked: str, reason: bool, quantity: bool) -> None:  # noqa: FBT001
    evidence = _weigh(asked)
    assert (evidence.reason, evidence.quantity) == (reason, quantity)


def test_who_wants_a_name() -> None:
    assert _weigh("Who drained the mine?").nameless
    assert not _weigh("Who improved the machine?").nameless
    assert not _weigh("What drained the mine?").nameless


def test_which_thing_wants_the_thing() -> None:
    assert _weigh("Which subjects drained the mine of tin by engine?").unasked is False
    assert _weigh("Which Thomson drained the mine of tin by engine?").unasked
