import pytest

from services.llm.chat_model import Segment
from services.llm.citations import Citation, Stamp, cite, parse_citations


def _cue(start_seconds: float, duration_seconds: float, text: str) -> Segment:
    return Segment(start_seconds=start_seconds, duration_seconds=duration_seconds, text=text)


CUES = [
    _cue(2.5, 3.0, "the first words"),
    _cue(5.5, 4.5, "the second\nwords"),
    _cue(30.2, 5.0, "after a pause"),
    _cue(35.2, 5.0, "  "),
    _cue(3661.0, 4.0, "past the hour"),
]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("So it is [1:02].", ["1:02"]),
        ("[01:02]", ["1:02"]),
        ("[1:02:03]", ["1:02:03"]),
        ("[01:02:03] and [10:02:03]", ["1:02:03", "10:02:03"]),
        ("[75:10]", ["1:15:10"]),
        ("[1:02, 3:04]", ["1:02", "3:04"]),
        ("[1:02,3:04 ,1:00:05]", ["1:02", "3:04", "1:00:05"]),
        ("[ 1:02 ]", ["1:02"]),
        ("**Bold.** [1:02] [2:03]", ["1:02", "2:03"]),
        ("a link [1:02](https://example.org)", ["1:02"]),
        ("`code [1:02]`", ["1:02"]),
        ("[00:01:02]", ["1:02"]),
        ("[1:02; 3:04 & 5:06 and 7:08, and 9:10]", ["1:02", "3:04", "5:06", "7:08", "9:10"]),
        ("[1:02, 1:02:03]", ["1:02", "1:02:03"]),
        ("[at 1:02] [At 3:04, at 5:06]", ["1:02", "3:04", "5:06"]),
        ("[1:02-1:10]", ["1:02"]),
        ("[1:02 \u2013 1:10, 3:04\u20143:10]", ["1:02", "3:04"]),
        ("[59:50 to 1:00:10]", ["59:50"]),
        ("\u30101:02\u3011 \uff3b3\uff1a04\u30015:06\uff3d", ["1:02", "3:04", "5:06"]),
        ("[1:02][3:04]", ["1:02", "3:04"]),
        ("![1:02]", ["1:02"]),
    ],
)
def test_every_spelling_is_read(text: str, labels: list[str]) -> None:
    assert [stamp.label for stamp in parse_citations(text)] == labels


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "1:02",
            "(1:02)",
            "[1]",
            "[see 1:02]",
            "[1:2]",
            "[1:02-]",
            "[-1:02]",
            "[1:02 3:04]",
            "[at]",
            "[and 1:02]",
            "[:02]",
            "[1:02:3]",
        ),
        *("[1:02,]", "[1:02 toward 3:04]", "[1:02.5]", "[+1:02]", "{1:02}", "[1:02-soon]", "[at1:02]"),
        *("[1:60]", "[1:60:00]", "[1:02:03:04]", "[]", "[,]", "[1:02", "1:02]", "[note, 1:02]", "[Music]"),
    ],
)
def test_other_brackets_are_ignored(text: str) -> None:
    assert parse_citations(text) == []


def test_each_second_is_given_once_in_order_of_appearance() -> None:
    text = "[3:04] then [1:02], [01:02], [0:01:02] and [3:04, 5:00]"
    assert parse_citations(text) == [
        Stamp(seconds=184.0, label="3:04"),
        Stamp(seconds=62.0, label="1:02"),
        Stamp(seconds=300.0, label="5:00"),
    ]


def test_an_impossible_stamp_does_not_spoil_its_neighbour() -> None:
    assert parse_citations("[1:75, 1:02]") == [Stamp(seconds=62.0, label="1:02")]


def test_hostile_text_is_read_in_linear_time() -> None:
    assert parse_citations("[" * 200_000 + "[1:02, " * 50_000 + " " * 200_000) == []
    assert parse_citations("[" + "1:02-1:02, " * 50_000 + "1:02 to " * 50_000 + "[at " * 50_000) == []


def test_citation_quotes_the_cue_playing_at_that_second() -> None:
    assert cite("Look [0:07].", CUES) == [Citation(start_seconds=7.0, label="0:07", quote="the second words")]


def test_a_start_cut_to_seconds_finds_its_own_cue() -> None:
    assert [citation.quote for citation in cite("[0:02] [0:05] [0:30] [1:01:01]", CUES)] == [
        "the first words",
        "the second words",
        "after a pause",
        "past the hour",
    ]


def test_of_cues_that_start_within_one_second_the_first_is_quoted() -> None:
    cues = [_cue(9.0, 1.1, "before"), _cue(10.1, 0.3, "one"), _cue(10.4, 0.3, "two"), _cue(10.7, 2.0, "three")]
    assert [citation.quote for citation in cite("[0:10] [0:11]", cues)] == ["one", "three"]


def test_in_a_pause_the_words_before_it_are_quoted() -> None:
    assert [citation.quote for citation in cite("[0:20] [0:36]", CUES)] == ["the second words", "after a pause"]


def test_stamps_outside_the_spoken_part_are_dropped() -> None:
    assert cite("[0:01] [1:01:06] [99:00:00]", CUES) == []
    assert [citation.label for citation in cite("[1:01:05]", CUES)] == ["1:01:05"]


def test_without_a_transcript_nothing_is_cited() -> None:
    assert cite("[0:07]", []) == []
    assert cite("[0:07]", [_cue(0.0, 60.0, " \n")]) == []


def test_cues_out_of_order_are_put_in_order() -> None:
    assert cite("[0:07] [1:01:02]", CUES[::-1]) == cite("[0:07] [1:01:02]", CUES)
