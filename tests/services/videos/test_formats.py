"""What the transcripts that people have come to."""

import json
from itertools import pairwise

import pytest

from services import limits
from services.errors import InvalidInput
from services.llm.chat_model import Segment
from services.videos.formats.reading import read_file, read_text

Said = list[tuple[float, float, str]]

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i>, <font color="red">you</font>
there

2
01:02:03,5 --> 01:02:05,000  X1:40 X2:600
{\\an8}Second &amp; last
3
01:02:06,000 --> 01:02:07,000
After no blank line 4
5
01:02:08 --> 01:02:07
Ends before it begins

6
01:02:09,000 --> 01:02:10,000

"""
VTT = """WEBVTT - A title
Kind: captions

STYLE
::cue { color: red }

NOTE
this is no text

REGION
id:fred

intro
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Ann>Hello, <00:01.500><c.yellow>you</c></v>

1:00:00.000 --> 1:00:01.000
a &lt; b &nbsp; c
"""


def said(segments: list[Segment]) -> Said:
    return [(one.start_seconds, one.duration_seconds, one.text) for one in segments]


def refusal(content: bytes | str, seconds: float | None = None) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as failure:
        read_file(content.encode() if isinstance(content, str) else content, seconds, "source", "uploadId")
    (problem,) = failure.value.problems
    assert problem.path == ("source", "uploadId")
    return problem.code, problem.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_srt(encoding: str, line_end: str) -> None:
    assert said(read_file(SRT.replace("\n", line_end).encode(encoding), None)) == [
        (1, 1.5, "Hello, you there"),
        (3723.5, 1.5, "Second & last"),
        (3726, 1, "After no blank line 4"),
        (3728, 0, "Ends before it begins"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_vtt(encoding: str) -> None:
    assert said(read_file(VTT.encode(encoding), None)) == [(1, 1.5, "Hello, you"), (3600, 1, "a < b c")]


@pytest.mark.parametrize(
    "found",
    [
        [{"text": "a", "start": 1, "duration": 2}, {"text": "b", "start": 0.5, "duration": 0}],
        [{"text": "a", "startSeconds": 1, "durationSeconds": 2}, {"text": "b", "startSeconds": 0.5, "end": 0.5}],
        [{"text": "a", "offset": 1, "duration": 2}, {"text": "b", "offset": 0.5}],
        {"text": "a b", "segments": [{"text": "a", "start": 1, "end": 3}, {"text": "b", "start": 0.5, "end": 0.2}]},
        {"snippets": [{"text": " a\n", "start": 1, "duration": 2}, {"text": "b", "start": 0.5, "duration": None}]},
        {"transcript": [{"text": "a", "start": 1, "duration": 2}, {"text": "b\0", "start": 0.5, "duration": 0}]},
    ],
)
def test_json(found: object) -> None:
    (first, second) = read_file(json.dumps(found, indent=1).encode(), None)
    assert (first.start_seconds, first.text) == (0.5, "b")
    assert first.duration_seconds in {0, 0.5}  # to the next, where none is given
    assert (second.start_seconds, second.duration_seconds, second.text) == (1, 2, "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1:05 words\n1:10 more", [(65, 5, "words"), (70, 30, "more")]),
        ("[0:10] words\n\n(1:00:00) more", [(10, 3590, "words"), (3600, 0.27, "more")]),
        ("0:05\nfirst\nline\n0:10\nsecond", [(5, 5, "first line"), (10, 90, "second")]),
        ("0:05 - dashed\n0:10 \u2014 so\n0:15: colon", [(5, 5, "dashed"), (10, 5, "so"), (15, 85, "colon")]),
        ("00:00:05.500 x", [(5, 95, "x")]),
        ("A title\n0:05 a\n0:03 b", [(0, 3, "A title"), (3, 2, "b"), (5, 95, "a")]),
        ("10:30pm is late.", [(0, 100, "10:30pm is late.")]),
        ("We meet at\n10:30 today.", [(0, 100, "We meet at 10:30 today.")]),
        ("[Music]\nHi.", [(0, 100, "[Music] Hi.")]),
        ("[0:61] x", [(0, 100, "[0:61] x")]),
    ],
)
def test_stamps_in_plain_text(text: str, expected: Said) -> None:
    assert said(read_text(text, 100.0, "source", "text")) == expected


def test_sentences_are_spread_over_the_video() -> None:
    text = "One two. Three four!\nFive\nsix? \u4e00\u4e8c\u3002\u4e09\u56db\u3002\n\nNo end"
    segments = read_text(text, 39.0, "source", "text")
    texts = ["One two.", "Three four!", "Five six?", "\u4e00\u4e8c\u3002", "\u4e09\u56db\u3002", "No end"]
    assert [one.text for one in segments] == texts
    assert segments[0].start_seconds == 0
    for one, following in pairwise(segments):
        assert one.start_seconds + one.duration_seconds == pytest.approx(following.start_seconds, abs=0.02)
        assert one.duration_seconds == pytest.approx(39 * len(one.text) / sum(map(len, texts)), abs=0.02)
    assert segments[-1].start_seconds + segments[-1].duration_seconds == pytest.approx(39, abs=0.02)


@pytest.mark.parametrize("seconds", [None, 0.0, -5.0, 1e9])
def test_or_spoken_at_the_pace_of_speech(seconds: float | None) -> None:
    words = "word " * 1_500  # ten minutes of 150 words
    segments = read_text(words, seconds, "source", "text")
    end = segments[-1].start_seconds + segments[-1].duration_seconds
    assert 400 < end < 800
    assert max(len(one.text) for one in segments) <= 300
    assert " ".join(one.text for one in segments) == words.strip()


def test_a_long_text_behind_a_stamp_is_spread_until_the_next() -> None:
    segments = read_text(f"0:10 {'x' * 3_000}\n0:20 end", 30.0, "source", "text")
    assert [one.start_seconds for one in segments] == [*range(10, 21)]


@pytest.mark.parametrize(
    ("content", "code", "said_of_it"),
    [
        (b"\xff\xd8\xff\xe0 JFIF", "INVALID_DATA", "UTF-8"),
        (b"\xff\xfe\x00", "INVALID_DATA", "UTF-8"),
        (b"text \0 text", "INVALID_DATA", "NUL"),
        ("", "REQUIRED", "say something"),
        ("\ufeff \r\n", "REQUIRED", "say something"),
        ("\u266a -- \u266a", "REQUIRED", "say something"),
        ("WEBVTT\n\n00:01.000 --> soon\nx", "INVALID_DATA", "Line 3"),
        ("WEBVTT\n\nno cue", "REQUIRED", "say something"),
        ('{"a": 1}', "INVALID_DATA", "no list of segments"),
        ('{"segments": {}}', "INVALID_DATA", "no list of segments"),
        ('[{"text": "a", "start": 1},\n{"text": ]', "INVALID_DATA", "line 2"),
        ("[[]]", "INVALID_DATA", "Segment 1 is no object"),
        ("[" * 100_000, "INVALID_DATA", "cannot be read"),
        ('[{"start": 1}]', "REQUIRED", "Segment 1 has no text"),
        ('[{"start": 1, "text": 7}]', "REQUIRED", "Segment 1 has no text"),
        ('[{"text": "a", "start": 0}, {"text": "a"}]', "REQUIRED", "Segment 2 does not say when it begins"),
        ('[{"text": "a", "start": "1"}]', "INVALID_FORMAT", "Segment 1 has a time that is no number"),
        ('[{"text": "a", "start": true}]', "INVALID_FORMAT", "Segment 1 has a time that is no number"),
        (f'[{{"text": "a", "start": {"9" * 400}}}]', "OUT_OF_RANGE", "beyond all limits"),
        (f'[{{"text": "a", "start": {"9" * 5_000}}}]', "INVALID_DATA", "cannot be read"),
        ('[{"text": "a", "start": NaN}]', "OUT_OF_RANGE", "Segment 1: A time"),
        ('[{"text": "a", "start": Infinity}]', "OUT_OF_RANGE", "Segment 1: A time"),
        ('[{"text": "a", "start": -1}]', "OUT_OF_RANGE", "Segment 1: A time"),
        (f'[{{"text": "{"a" * 2_001}", "start": 1}}]', "TOO_LONG", "Segment 1: Text"),
        ("900:00:00 never", "OUT_OF_RANGE", "Segment 1: A time"),
    ],
)
def test_what_is_no_transcript(content: bytes | str, code: str, said_of_it: str) -> None:
    found = refusal(content)
    assert found[0] == code
    assert said_of_it in found[1]


def test_limits() -> None:
    line = "x" * 100 + "\n"
    assert read_file((line * (limits.TRANSCRIPT_CHARACTERS // 101)).encode(), None)
    assert refusal(line * (limits.TRANSCRIPT_CHARACTERS // 100 + 1))[0] == "TOO_LONG"
    stamped = "".join(f"{second // 60}:{second % 60:02} x\n" for second in range(limits.TRANSCRIPT_SEGMENTS))
    assert len(read_file(stamped.encode(), None)) == limits.TRANSCRIPT_SEGMENTS
    code, message = refusal(stamped + "0:00 x")
    assert (code, message) == ("TOO_LONG", "At most 20,000 segments can be kept.")
