import re
from collections.abc import Iterable

import pytest

from db.seed import Sample, load_samples
from services.llm.chat_model import Segment
from services.llm.writing.summary import LONGEST, SHORTEST, summarise


def cues(texts: Iterable[str]) -> list[Segment]:
    return [Segment(start_seconds=4 * at, duration_seconds=4, text=text) for at, text in enumerate(texts)]


def spoken(sample: Sample) -> list[str]:
    return [segment.text for segment in sample.segments]


def sentences(summary: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", summary)


@pytest.mark.parametrize("sample", load_samples(), ids=lambda sample: sample.youtube_id)
def test_a_lecture_is_summarised_in_its_own_words_and_order(sample: Sample) -> None:
    summary = summarise(cues(spoken(sample)))
    assert SHORTEST <= len(summary) <= LONGEST
    whole = " ".join(spoken(sample))
    places = [whole.index(sentence) for sentence in sentences(summary)]
    assert len(places) >= 4
    assert places == sorted(places)
    assert places[-1] - places[0] > len(whole) / 3


@pytest.mark.parametrize("sample", load_samples(), ids=lambda sample: sample.youtube_id)
def test_captions_without_punctuation_become_prose(sample: Sample) -> None:
    summary = summarise(cues(re.sub(r"[.,;:?!]", "", text.lower()) for text in spoken(sample)))
    assert SHORTEST <= len(summary) <= LONGEST
    assert all(re.match(r"[A-Z0-9].*[.\u2026]$", sentence) for sentence in sentences(summary))


def test_the_same_transcript_gets_the_same_summary() -> None:
    texts = spoken(load_samples()[0])
    assert summarise(cues(texts)) == summarise(cues(texts))


def test_a_short_transcript_is_its_own_summary() -> None:
    assert summarise(cues(["bees dance", "to tell where", "the food is"])) == "Bees dance to tell where the food is."


@pytest.mark.parametrize("texts", [[], [""], ["[Music]"], ["[Applause]"] * 100, ["\u266a \u266a"], ["...", "- -"]])
def test_where_nothing_is_said_there_is_nothing_to_tell(texts: list[str]) -> None:
    assert summarise(cues(texts)) == ""


def test_stamps_and_bullets_are_left_out() -> None:
    summary = summarise(
        cues(["- 0:15 Bees dance in the dark.", "* 1:02:03 They fly to the food.", "# [2:00] The end."])
    )
    assert summary == "Bees dance in the dark. They fly to the food. The end."


def test_what_is_repeated_is_told_once() -> None:
    chorus = ["All the bees are dancing round the honey tree tonight."] * 40
    assert summarise(cues([*chorus, "Somebody takes the honey."])).count("dancing") == 1


@pytest.mark.parametrize(
    "texts",
    [
        ["word " * 3000],
        ["x" * 5000],
        ["\u871c\u8702\u8df3\u821e\u3002" * 30] * 100,
        ["A long sentence about bees that never seems to end " * 4 + "."] * 3 + ["Other bees, other words " * 20 + "."],
    ],
)
def test_it_is_never_too_long(texts: list[str]) -> None:
    assert 0 < len(summarise(cues(texts))) <= LONGEST


def test_questions_greetings_and_announcements_give_way() -> None:
    telling = [
        "Honey bees dance on the comb to show where food is.",
        "The angle of the dance gives the direction of the food.",
        "The length of the dance gives the distance of the food.",
        "Karl von Frisch decoded the dance of the honey bees in Austria.",
        "Scouts dance for a nest site in the same way as for food.",
    ]
    other = ["Hello and welcome to my video about bees.", "Let us look at the dance of the bees.", "What do you think?"]
    summary = summarise(cues([other[0], *telling[:2], other[1], *telling[2:], other[2]]))
    assert not [sentence for sentence in sentences(summary) if sentence in other]


def test_what_is_no_plain_prose_is_not_told() -> None:
    told = ["Honey bees dance on the comb to show where the food is.", "Scouts dance for a nest site in the same way."]
    other = [
        "Read about the dance of honey bees on www.bees.example today.",
        "The dance of the bees is told on bees.org in many words.",
        "The bees dance [as ~50 of them] {on} the comb of the hive.",
    ]
    assert summarise(cues([other[0], told[0], other[1], told[1], *other[1:]])) == " ".join(told)
