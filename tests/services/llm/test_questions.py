import pytest

from services.llm.chat_model import ChatTurn
from services.llm.questions import Question, Sought, read_question
from services.llm.words import stem

TITLE = "Why the Sea Has Tides"


def _ask(*questions: str) -> Question:
    return read_question([ChatTurn(role="user", content=question) for question in questions], TITLE)


def _stems(words: str) -> set[str]:
    return {stem(word) for word in words.split()}


def test_terms_are_the_words_that_carry_the_subject() -> None:
    question = _ask("Why does the Moon raise two bulges?")
    assert set(question.terms) == question.fresh == _stems("moon raise two bulges")


def test_title_frame_and_general_words_count_less() -> None:
    terms = _ask("Explain the difference between tides and waves").terms
    assert terms[stem("waves")] > terms[stem("tides")] > terms[stem("difference")] > terms[stem("explain")] > 0


def test_phrases_are_pairs_side_by_side() -> None:
    assert (stem("spring"), stem("tides")) in _ask("What is a spring tide?").phrases


@pytest.mark.parametrize(
    "text",
    [
        *("What is this video about?", "Summarise", "summarize the video please", "tl;dr", "Give me an overview"),
        *("What are the main points?", "hello", "Hi!", "Good morning", "thanks", "why?", "", "   ", "?!"),
    ],
)
def test_a_greeting_or_a_request_for_a_summary_is_about_the_whole(text: str) -> None:
    assert not _ask(text).terms


def test_it_stays_so_in_the_middle_of_a_conversation() -> None:
    assert not _ask("What is a neap tide?", "And what is the whole video about?").terms
    assert not _ask("What is a neap tide?", "Thank you!").terms
    assert not _ask("hello", "tell me more").terms


def test_a_request_with_a_subject_is_not_about_the_whole() -> None:
    assert stem("resonance") in _ask("Summarise what the video says about resonance").fresh
    assert stem("tides") in _ask("What are tides?").fresh


def test_a_follow_up_takes_over_the_subject_before_it() -> None:
    question = _ask("Why is the Bay of Fundy so extreme?", "How high is it?")
    assert question.fresh == _stems("high")
    assert set(question.terms) == _stems("bay fundy extreme high")
    assert question.terms[stem("fundy")] < question.terms[stem("high")]


def test_a_chain_of_follow_ups_reaches_back_to_the_subject() -> None:
    assert stem("fundy") in _ask("Why is the Bay of Fundy so extreme?", "why?", "tell me more").terms


def test_a_full_question_leaves_the_one_before_alone() -> None:
    assert stem("fundy") not in _ask("Why is the Bay of Fundy so extreme?", "Who built the tide machine?").terms


def test_what_the_assistant_said_is_not_asked() -> None:
    turns = [
        ChatTurn(role="user", content="What about bores?"),
        ChatTurn(role="assistant", content="Surfers ride the pororoca."),
        ChatTurn(role="user", content="Where?"),
    ]
    assert set(read_question(turns, TITLE).terms) == _stems("bores")


def test_no_turns_at_all_are_about_the_whole() -> None:
    assert not read_question([], TITLE).terms


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Why is the sky blue?", Sought.REASON),
        ("What causes a bore?", Sought.REASON),
        ("When did Kelvin live?", Sought.TIME),
        ("In which year did it open?", Sought.TIME),
        ("Who was Kelvin?", Sought.PERSON),
        ("How far is the Moon?", Sought.QUANTITY),
        ("At what temperature does water boil?", Sought.QUANTITY),
        ("What's slack water?", Sought.DEFINITION),
        ("What\N{RIGHT SINGLE QUOTATION MARK}s slack water?", Sought.DEFINITION),
        ("What does ebb mean?", Sought.DEFINITION),
        ("Do lakes have tides?", Sought.ANYTHING),
        ("whole", Sought.ANYTHING),
    ],
)
def test_the_kind_of_answer_is_seen_from_the_question(text: str, sought: Sought) -> None:
    assert _ask(text + " bulge").sought is sought


def test_work_is_a_subject_only_where_it_is_one() -> None:
    assert stem("work") not in _ask("How does a bore work?").terms
    assert stem("work") in _ask("How much work does a falling weight do?").terms


def test_stamps_in_a_question_are_no_terms() -> None:
    assert set(_ask("What does he mean by neap at [12:30] and 1:02:03?").terms) == _stems("mean neap")


def test_a_pasted_text_is_read_only_at_its_beginning() -> None:
    question = _ask(" ".join(f"word{number}" for number in range(100_000)))
    assert len(question.terms) == 60
    assert _ask("what does " * 100_000).terms == {}
