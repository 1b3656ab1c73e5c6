from collections.abc import Sequence

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
    evidence = _weigh("engine mine tin")
    assert evidence.coverage == 1.0
    assert evidence.absent == 0.0
    assert evidence.suffices


def test_what_is_never_said_speaks_against_an_answer() -> None:
    evidence = _weigh("Which engine drained the mine at Dudley for Newcomen?")
    assert evidence.absent > 0.3
    assert not evidence.suffices


def test_general_words_that_are_never_said_do_not() -> None:
    assert _weigh("please explain the nasty engine of the mine").absent == 0.0


def test_synonyms_are_traces() -> None:
    assert _weigh("the motor of the mine").absent == 0.0


def test_who_wants_a_name() -> None:
    assert _weigh("Who drained the mine?").nameless
    assert not _weigh("Who improved the machine?").nameless
    assert not _weigh("What drained the mine?").nameless


def test_which_thing_wants_the_thing() -> None:
    assert _weigh("Which subjects drained the mine of tin by engine?").unasked is False
    assert _weigh("Which Thomson drained the mine of tin by engine?").unasked
