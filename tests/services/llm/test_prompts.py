from services.llm.chat_model import Segment
from services.llm.citations import parse_citations
from services.llm.prompts import HISTORY_WINDOW, REFUSAL, render_transcript


def _cue(start_seconds: float, text: str) -> Segment:
    return Segment(start_seconds=start_seconds, duration_seconds=4.0, text=text)


def test_transcript_has_one_stamped_line_a_cue() -> None:
    cues = [_cue(0.0, "Welcome."), _cue(65.9, "two\nlines  here"), _cue(3661.2, "past the hour")]
    assert render_transcript(cues) == "0:00 Welcome.\n1:05 two lines here\n1:01:01 past the hour"


def test_blank_cues_are_left_out_and_none_is_nothing() -> None:
    assert render_transcript([_cue(0.0, ""), _cue(5.0, " \n\t"), _cue(9.0, "words")]) == "0:09 words"
    assert render_transcript([]) == ""


def test_braces_and_percent_signs_stay_as_spoken() -> None:
    assert render_transcript([_cue(1.0, "a {brace} %s {{two}}")]) == "0:01 a {brace} %s {{two}}"


def test_shared_texts_and_limits() -> None:
    assert HISTORY_WINDOW == 10
    assert parse_citations(REFUSAL) == []
