"""Segments that somebody brings: what is said of wrong ones."""

import pytest

from services import limits
from services.errors import InvalidInput, ProblemCode
from services.validation import Checks
from services.videos.segments import GivenSegment, clean


@pytest.mark.parametrize("seconds", [-1, 48 * 60 * 60 + 1, float("nan"), float("inf")])
def test_a_time_is_between_bounds(seconds: float) -> None:
    checks = Checks()
    assert clean(checks, [GivenSegment(text="x", start_seconds=seconds, duration_seconds=seconds)], "segments") == []
    with pytest.raises(InvalidInput) as refused:
        checks.finish()
    assert refused.value.message == "A time must be between 0 and 48 hours."
    assert [problem.path[-1] for problem in refused.value.problems] == ["startSeconds", "durationSeconds"]


@pytest.mark.parametrize("sign", ["\ufdfa", "\u3316 "])
def test_signs_that_stand_for_many_others_are_counted_as_those(sign: str) -> None:
    text = f"a{sign * limits.SEGMENT_LENGTH}"[: limits.SEGMENT_LENGTH - 1] + sign[0]
    full = [GivenSegment(text=text, start_seconds=at) for at in range(1_000)]
    checks = Checks()
    assert clean(checks, full, "segments") == []
    with pytest.raises(InvalidInput) as refused:
        checks.finish()
    assert [(one.path, one.code) for one in refused.value.problems] == [(("segments",), ProblemCode.TOO_LONG)]
    checks = Checks()
    assert len(clean(checks, full[:100], "segments")) == 100
    checks.finish()


@pytest.mark.parametrize("text", ["\ud55c\uad6d\uc5b4 ", "\u1ebf", "\u0938\u092e\u0941\u0926\u094d\u0930 "])
def test_the_longest_transcripts_of_real_scripts_are_taken(text: str) -> None:
    full = (text * limits.SEGMENT_LENGTH)[: limits.SEGMENT_LENGTH - 1] + "x"
    checks = Checks()
    assert len(clean(checks, [GivenSegment(text=full, start_seconds=at) for at in range(1_000)], "segments")) == 1_000
    checks.finish()
