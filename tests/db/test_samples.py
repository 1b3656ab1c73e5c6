"""The sample files that ship with the project are what the rest of it counts on."""

import re
from itertools import pairwise

import pytest

from db.seed import Sample, load_samples

SAMPLES = load_samples()

# YouTube's ids are 64 bits in eleven characters of six, so the last one has two bits that are always nought.
LAST_CHARACTERS_OF_YOUTUBE = "AEIMQUYcgkosw048"

each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.youtube_id)


def test_there_are_several() -> None:
    assert len({sample.youtube_id for sample in SAMPLES}) == len(SAMPLES) >= 3


@each
def test_id_looks_like_one_and_can_be_no_real_one(sample: Sample) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{11}", sample.youtube_id)
    assert sample.youtube_id[-1] not in LAST_CHARACTERS_OF_YOUTUBE


@each
def test_transcript_goes_forward(sample: Sample) -> None:
    assert len(sample.segments) >= 200
    assert sample.segments[0].start_seconds >= 0
    assert all(segment.duration_seconds > 0 and segment.text.strip() for segment in sample.segments)
    assert all(earlier.start_seconds < later.start_seconds for earlier, later in pairwise(sample.segments))


@each
def test_summary_and_questions_fit(sample: Sample) -> None:
    assert 200 <= len(sample.summary) <= 800
    assert len({question.strip().casefold() for question in sample.suggested_questions}) == 3
    assert len(sample.suggested_questions) == 3
    assert all(20 <= len(question) <= 120 for question in sample.suggested_questions)


@each
def test_it_says_that_it_is_a_sample(sample: Sample) -> None:
    assert "sample lecture written for VidWiz" in sample.description
    assert "no such video exists" in sample.description


@each
def test_details_are_in_the_words_of_yt_dlp(sample: Sample) -> None:
    details = sample.details
    assert details["id"] == sample.youtube_id
    assert details["uploader"] == details["channel"] == sample.channel
    last = sample.segments[-1]
    duration = details["duration"]
    assert isinstance(duration, int)
    assert 0 <= duration - (last.start_seconds + last.duration_seconds) < 1
