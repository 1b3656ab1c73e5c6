from collections.abc import Sequence

from services.llm.chat_model import ChatTurn
from services.llm.questions import Question, Sought, read_question
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence
from services.llm.words import stem


def _ranking(texts: Sequence[str]) -> Ranking:
    return Ranking([Sentence(start_seconds=index * 10.0, text=text) for index, text in enumerate(texts)])


def _question(text: str, title: str = "") -> Question:
    return read_question([ChatTurn(role="user", content=text)], title)


def _best(texts: Sequence[str], text: str, title: str = "") -> str:
    return texts[_ranking(texts).matches(_question(text, title))[0].position]


FILLER = [f"Filler {word} stands here between other subjects." for word in "alpha beta gamma delta epsilon".split()]


def test_a_rare_term_outweighs_a_common_one() -> None:
    texts = ["The tide is high.", *FILLER, "Resonance shapes basins.", *FILLER, "The tide is low.", "A tide again."]
    assert _best(texts, "resonance tide") == "Resonance shapes basins."


def test_other_forms_of_the_word_are_found() -> None:
    texts = [*FILLER, "They searched all night.", *FILLER]
    assert _best(texts, "Is anybody searching?") == "They searched all night."


def test_an_answer_spread_over_neighbours_is_found() -> None:
    texts = ["Copper is red.", *FILLER, "Rumford bored brass.", "The cannon became hot.", *FILLER, "A cannon fired."]
    match = _ranking(texts).matches(_question("Rumford cannon"))[0]
    assert texts[match.position] in {"Rumford bored brass.", "The cannon became hot."}
    assert 0 < match.own_coverage < match.coverage < 1.0
    assert match.coverage > 0.9
    assert match.terms == 2


def test_words_side_by_side_beat_the_same_words_apart() -> None:
    apart = "The tide came back when the spring of the clock broke."
    together = "The water of a spring tide rises to the top of the wall."
    assert _best([apart, *FILLER, together], "What about the spring tide?") == together


def test_the_place_that_speaks_of_it_all_beats_a_sentence_that_names_most_of_it() -> None:
    place = ["The governor of the engine turns.", FILLER[0], "Steam enters here.", "A valve shuts."]
    texts = [*FILLER, *place, *FILLER, *FILLER, "The engine has a valve.", *FILLER]
    assert _best(texts, "How do governor, steam, valve and engine belong together?") in place


def test_what_anybody_says_is_known() -> None:
    ranking = _ranking(["Kelvin improved machines."])
    assert ranking.knows("kelvin")
    assert ranking.knows(stem("machine"))
    assert not ranking.knows("motor")


def test_a_number_is_preferred_where_a_number_is_asked_for() -> None:
    texts = ["The bay is famous for its range.", *FILLER, "The bay has a range of 16 metres.", *FILLER]
    assert _best(texts, "How big is the range of the bay?") == texts[6]
    assert _best(texts[::-1], "How big is the range of the bay?") == texts[6]


def test_a_question_in_the_talk_lends_its_terms_to_the_answer() -> None:
    texts = [*FILLER, "Why is the gap longer than a day?", "The Moon does not wait.", *FILLER]
    matches = {match.position: match for match in _ranking(texts).matches(_question("Why is the gap longer?"))}
    assert matches[5].score > matches[6].score > matches[4].score


def test_the_plan_of_a_talk_ranks_below_its_content() -> None:
    texts = ["First we will meet resonance.", "Then we will see bores.", *FILLER, "In resonance each push adds."]
    assert _best(texts, "resonance") == "In resonance each push adds."


def test_equals_keep_their_order() -> None:
    texts = ["A bore runs.", *FILLER, "A bore runs.", *FILLER, "A bore runs.", *FILLER]
    matches = _ranking(texts).matches(_question("bore"))
    assert [match.position for match in matches if match.own_coverage == 1.0] == [0, 6, 12]


def test_an_unknown_word_falls_back_on_words_that_begin_alike() -> None:
    match = _ranking([*FILLER, "Electromagnets lift cars."]).matches(_question("electromagnetism"))[0]
    assert match.position == 5
    assert match.coverage < 1.0


def test_nothing_in_common_is_no_match() -> None:
    assert _ranking(FILLER).matches(_question("pizza")) == []
    assert _ranking([]).matches(_question("pizza")) == []


def test_absent_terms_lower_the_coverage() -> None:
    ranking = _ranking([*FILLER, "A bore runs."])
    assert ranking.matches(_question("bore"))[0].coverage == 1.0
    assert ranking.matches(_question("bore pizza"))[0].coverage < 0.6


def test_terms_of_the_title_count_less() -> None:
    texts = ["Tides, tides, tides.", *FILLER, "Kelvin lived then.", *FILLER]
    assert _best(texts, "tides kelvin", title="Tides") == "Kelvin lived then."


def test_signs_of_each_kind_of_answer() -> None:
    ranking = _ranking(["It is called a bore.", "Since 1872 it runs.", "William Thomson came.", "Nothing."])
    shown = {sought: [ranking.shows(position, sought) for position in range(5)] for sought in Sought}
    assert shown[Sought.DEFINITION] == [True, False, False, False, False]
    assert shown[Sought.TIME] == shown[Sought.QUANTITY] == [False, True, False, False, False]
    assert shown[Sought.PERSON] == [False, False, True, False, False]
    assert not any(shown[Sought.ANYTHING])


def test_central_is_what_the_talk_dwells_on() -> None:
    texts = ["A tide lifts water.", "Cats purr.", "Water and tide move.", "Dogs bark.", "The tide moves water."]
    centrality = _ranking(texts).centrality()
    assert min(centrality[0], centrality[2], centrality[4]) > max(centrality[1], centrality[3])
    assert _ranking([]).centrality() == []


def test_ranking_changes_nothing_in_the_index() -> None:
    ranking = _ranking([*FILLER, "A bore runs."])
    question = Question(terms={stem("bore"): 1.0, "unknownword": 1.0})
    assert ranking.matches(question) == ranking.matches(question)
