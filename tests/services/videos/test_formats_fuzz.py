"""Whatever bytes come: a transcript within its limits, or a refusal that says why."""

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services import limits
from services.errors import InvalidInput, Problem, ProblemCode
from services.llm.chat_model import Segment
from services.validation import UNSTORABLE
from services.videos.formats.reading import read_file

PIECES = (
    "WEBVTT",
    "\n",
    "\n\n",
    "\r\n",
    "00:01.000 --> 00:02.000",
    "99:99:99,999 --> 0:0",
    " --> ",
    "NOTE x",
    "<v A>",
    "&amp;&#0;&#xD800;",
    "&#" + "1" * 5_000,
    "&#x" + "f" * 5_000 + ";",
    "[0:10] ",
    "1:05 words",
    "999:59:59",
    "Words. And more!",
    "\u4e00\u3002",
    "\ufeff",
    "\x07\x85\u2028",
    "{\\an8}",
    "7",
)
JSON = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.sampled_from(["segments", "text", "start", "offset", "duration", "end", "x"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)
SECONDS = some.none() | some.floats()


def check(content: bytes, seconds: float | None) -> None:
    problems: Sequence[Problem] = ()
    segments: Sequence[Segment] = ()
    try:
        segments = read_file(content, seconds, "source", "uploadId")
    except InvalidInput as refused:
        problems = refused.problems
    assert bool(problems) != bool(segments)
    assert {problem.path for problem in problems} <= {("source", "uploadId")}
    assert len(segments) <= limits.TRANSCRIPT_SEGMENTS
    starts = [segment.start_seconds for segment in segments]
    assert starts == sorted(starts)
    for segment in segments:
        for value in (segment.start_seconds, segment.duration_seconds):
            assert math.isfinite(value)
            assert 0 <= value <= limits.VIDEO_SECONDS
        assert segment.text == " ".join(segment.text.split())
        assert 0 < len(segment.text) <= limits.SEGMENT_LENGTH
        assert not UNSTORABLE.search(segment.text)


@given(some.binary(max_size=500), SECONDS)
def test_bytes(content: bytes, seconds: float | None) -> None:
    check(content, seconds)


@given(some.text(max_size=300), some.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), SECONDS)
def test_texts(text: str, encoding: str, seconds: float | None) -> None:
    check(text.encode(encoding, "surrogatepass"), seconds)


@given(some.lists(some.sampled_from(PIECES) | some.text(max_size=4), max_size=30), SECONDS)
def test_nearly_transcripts(pieces: list[str], seconds: float | None) -> None:
    check("".join(pieces).encode("utf-8", "replace"), seconds)


def test_a_character_by_an_endless_number_is_refused() -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\nhello &#" + "1" * 5_000 + ";\n"
    with pytest.raises(InvalidInput) as refused:
        read_file(cue.encode(), None, "source", "text")
    assert [problem.code for problem in refused.value.problems] == [ProblemCode.INVALID_DATA]


@given(JSON, SECONDS)
def test_json(found: object, seconds: float | None) -> None:
    check(json.dumps(found).encode(), seconds)
