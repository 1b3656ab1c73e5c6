from collections.abc import Sequence

from services.llm.chat_model import ChatTurn
from services.llm.passages import Passage, find_overview, find_passages
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence

FILLER = [f"Filler {word} stands between other subjects." for word in "alpha beta gamma delta epsilon".split()]


def _ranking(texts: Sequence[str], *, each_seconds: float = 10.0) -> Ranking:
    return Ranking([Sentence(start_seconds=index * each_seconds, text=text) for index, text in enumerate(texts)])


def _find(texts: Sequence[str], *asked: str, each_seconds: float = 10.0, told: Sequence[float] = ()) -> list[Passage]:
    question = read_question([ChatTurn(role="user", content=text) for text in asked], "")
    return find_passages(question, _ranking(texts, each_seconds=each_seconds), told_seconds=told)


def test_a_sentence_that_stands_alone_is_quoted_alone() -> None:
    texts = [*FILLER, "Kelvin designed a machine for predicting tides.", *FILLER]
    assert _find(texts, "Who designed the machine?") == [Passage(first=5, last=5, main=5)]


def test_a_sentence_that_leans_brings_the_one_before() -> None:
    texts = [*FILLER, "Kelvin saw the need.", "He designed a machine for predicting tides.", *FILLER]
    assert _find(texts, "predicting machine") == [Passage(first=5, last=6, main=6)]


def test_but_not_across_a_pause() -> None:
    texts = [*FILLER, "Kelvin saw the need.", "He designed a machine for predicting tides.", *FILLER]
    assert _find(texts, "predicting machine", each_seconds=16.0) == [Passage(first=6, last=6, main=6)]


def test_a_question_in_the_talk_brings_its_answer_as_the_main_point() -> None:
    texts = [*FILLER, "Why does sweating cool you?", "Fast molecules leave the skin with their energy.", *FILLER]
    assert _find(texts, "Why does sweating cool people?") == [Passage(first=5, last=6, main=6)]


def test_what_goes_on_about_the_same_is_heard_out_up_to_three_sentences() -> None:
    texts = [*FILLER, "A bore marches up the river.", *["It is a wall of water in a river."] * 4, *FILLER]
    passage = _find(texts, "bore river", each_seconds=4.0)[0]
    assert passage.first == passage.main == 5
    assert passage.last == 7


def test_places_far_apart_are_passages_of_their_own_and_three_at_most() -> None:
    texts = [text for number in range(5) for text in ("The bore runs up the river with a roar.", *FILLER[:number])]
    passages = _find(texts, "bore river", each_seconds=60.0)
    assert len(passages) == 3
    assert len({passage.first for passage in passages}) == 3


def test_places_within_fifteen_seconds_are_one() -> None:
    texts = [*FILLER, "The bore runs up the river.", FILLER[0], "A bore fills the river.", *FILLER]
    assert len(_find(texts, "bore river", each_seconds=7.0)) == 1
    assert len(_find(texts, "bore river", each_seconds=8.0)) == 2


def test_one_of_two_terms_is_not_enough() -> None:
    texts = [*FILLER, "The price of corn rose that year.", *FILLER]
    assert _find(texts, "What is the price of bitcoin?") == []
    assert _find(texts, "What was the price of corn?") != []


def test_two_terms_in_different_places_are_not_enough() -> None:
    texts = ["The price rose that year.", *FILLER, *FILLER, "Corn was ground in a mill."]
    assert _find(texts, "What is the price of corn?") == []


def test_two_terms_of_a_long_question_are_not_enough() -> None:
    texts = [*FILLER, "We write a list by hand.", *FILLER]
    assert _find(texts, "write python code reversing any linked list without recursion") == []


def test_a_follow_up_on_another_subject_is_not_answered_from_the_old_one() -> None:
    texts = [*FILLER, "The bore runs up the river.", *FILLER]
    assert _find(texts, "bore river", "and pizza?") == []


def test_what_was_told_is_not_told_again_while_there_is_more() -> None:
    texts = ["The bore runs up the river.", *FILLER, "A bore roars on the river.", *FILLER]
    assert [passage.first for passage in _find(texts, "bore river", "tell me more", told=[0.0])] == [6]
    assert len(_find(texts, "bore river", "tell me more", told=[0.0, 60.0])) == 2


def test_what_was_told_is_better_told_again_than_something_beside_the_point() -> None:
    texts = ["A tidal bore runs up the river.", *FILLER, "The tidal range is a height of water.", *FILLER]
    assert _find(texts, "tidal bore", "and why?", told=[0.0])[0].main == 0


def test_overview_is_the_opening_and_one_sentence_of_each_third() -> None:
    texts = [
        "Hello and welcome to this talk about the tides of the sea.",
        "The sea rises and falls on every beach in the world.",
        *("Moon and water.", "The Moon lifts the water of the sea.", "Cats purr."),
        *("Dogs bark.", "The Sun lifts the water of the sea.", "Birds sing."),
        *("Fish swim.", "The water of the sea slows the Moon.", "Bees hum."),
    ]
    passages = find_overview(_ranking(texts, each_seconds=20.0))
    assert [passage.main for passage in passages] == [1, 3, 6, 9]


def test_overview_of_very_little() -> None:
    assert find_overview(_ranking([])) == []
    assert find_overview(_ranking(["Welcome."])) == [Passage(first=0, last=0, main=0)]
    assert [passage.main for passage in find_overview(_ranking(["Hi.", "Bye."], each_seconds=60.0))] == [0, 1]
