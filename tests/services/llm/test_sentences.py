from collections.abc import Sequence

from services.llm.chat_model import Segment
from services.llm.sentences import Sentence, split_sentences


def _cues(texts: Sequence[str], *, each_seconds: float = 4.0) -> list[Segment]:
    return [
        Segment(start_seconds=index * each_seconds, duration_seconds=each_seconds, text=text)
        for index, text in enumerate(texts)
    ]


def _texts(sentences: Sequence[Sentence]) -> list[str]:
    return [sentence.text for sentence in sentences]


def test_a_sentence_spans_cues_and_starts_with_the_cue_of_its_first_word() -> None:
    cues = _cues(["The sea goes out", "and comes back. Nobody", "asks why it does."])
    assert split_sentences(cues) == [
        Sentence(start_seconds=0.0, text="The sea goes out and comes back."),
        Sentence(start_seconds=4.0, text="Nobody asks why it does."),
    ]


def test_stops_inside_a_sentence_do_not_end_it() -> None:
    text = "Dr. Smith, i.e. J. Smith, measured 3.7 metres vs. four. Then e.g. birds came! “Did they?” They did."
    assert _texts(split_sentences(_cues([text]))) == [
        "Dr. Smith, i.e. J. Smith, measured 3.7 metres vs. four.",
        "Then e.g. birds came!",
        "“Did they?”",
        "They did.",
    ]


def test_captions_without_punctuation_are_cut_at_ends_of_cues() -> None:
    sentences = split_sentences(_cues([f"words of cue number {number} run on" for number in range(9)]))
    assert [len(sentence.text.split()) for sentence in sentences] == [14, 14, 14, 14, 7]
    assert [sentence.start_seconds for sentence in sentences] == [0.0, 8.0, 16.0, 24.0, 32.0]


def test_a_pause_ends_a_sentence_that_has_no_stop() -> None:
    spoken = [(1, "welcome everybody"), (5, "lava is molten rock"), (4200, "pumice floats"), (4203.5, "on water")]
    cues = [Segment(start_seconds=at, duration_seconds=3, text=text) for at, text in spoken]
    cues.insert(2, Segment(start_seconds=8, duration_seconds=60, text="[Music]"))
    assert split_sentences(cues) == [
        Sentence(start_seconds=1, text="welcome everybody lava is molten rock"),
        Sentence(start_seconds=4200, text="pumice floats on water"),
    ]


def test_a_sentence_without_stops_lasts_no_minute() -> None:
    sentences = split_sentences(_cues(["slow"] * 30, each_seconds=10.0))
    assert {len(sentence.text.split()) for sentence in sentences[:-1]} == {6}


def test_a_cue_that_never_ends_is_cut_all_the_same() -> None:
    sentences = split_sentences(_cues(["word " * 500, "end."]))
    assert max(len(sentence.text.split()) for sentence in sentences) <= 60
    assert sum(len(sentence.text.split()) for sentence in sentences) == 501


def test_sound_marks_and_brackets_never_reach_a_quote() -> None:
    cues = _cues(["[Music]", ">> Hello there. [Applause]", "♪ La la ♪ [12:34] a**b", "[half open. Done."])
    assert _texts(split_sentences(cues)) == ["Hello there.", "La la a b half open.", "Done."]


def test_blank_cues_say_nothing() -> None:
    assert split_sentences([]) == []
    assert split_sentences(_cues(["", " \n ", "[Music]"])) == []
    assert _texts(split_sentences(_cues(["", "One.", " ", "Two."]))) == ["One.", "Two."]


def test_hostile_text_is_split_in_linear_time() -> None:
    for text in ("[" * 300_000, "." * 300_000, '."' * 150_000, "a" * 300_000, "A. " * 100_000):
        split_sentences(_cues([text]))
