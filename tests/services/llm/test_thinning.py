from itertools import pairwise

import pytest

from services.llm.chat_model import Segment
from services.llm.writing.thinning import GAP, thinned


def speech(count: int, length: int = 40) -> list[Segment]:
    return [Segment(start_seconds=at, duration_seconds=1, text=f"{at:04} ".ljust(length, "x")) for at in range(count)]


def test_what_fits_is_whole() -> None:
    assert thinned(speech(3, 10), None) == "0000 xxxxx\n0001 xxxxx\n0002 xxxxx"
    assert thinned(speech(3, 10), 32) == thinned(speech(3, 10), None)


def test_blank_cues_are_left_out() -> None:
    cues = [Segment(start_seconds=0, duration_seconds=1, text=text) for text in ("One \n two", "  ", "three")]
    assert thinned(cues, None) == "One two\nthree"


@pytest.mark.parametrize("room", [1_000, 2_000, 4_000, 10_000, 60_000])
@pytest.mark.parametrize("length", [5, 40, 1_400, 5_000])
def test_it_is_never_longer_than_there_is_room(room: int, length: int) -> None:
    assert 0 < len(thinned(speech(3_000, length), room)) <= room


def test_it_goes_from_beginning_to_end_in_even_steps() -> None:
    stretches = thinned(speech(3_000), 10_000).split(f"\n{GAP}\n")
    assert len(stretches) == 6
    starts = [int(stretch[:4]) for stretch in stretches]
    assert starts[0] == 0
    assert stretches[-1].splitlines()[-1].startswith("2999")
    steps = [after - before for before, after in pairwise(starts)]
    assert max(steps) - min(steps) <= 40
