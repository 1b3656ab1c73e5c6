"""What is shown of a long text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.search_query import seek
from services.search.snippets import LONGEST, snippet

FILL = "so it goes on and on with many words that say nothing much "


def test_a_short_text_is_shown_whole_on_one_line() -> None:
    assert snippet("The  Café\n by\tthe sea", seek("cafe")) == "The Café by the sea"


@pytest.mark.parametrize("place", [0, 1, 5, 8])
def test_shows_the_words_as_they_were_written_between_whole_words(place: int) -> None:
    text = FILL * place + "The ÉTOILE shines. " + FILL * (11 - place)
    shown = snippet(text, seek("etoi"))
    assert "The ÉTOILE shines." in shown
    assert shown.startswith("…") == (place > 0)
    assert shown.endswith("…")
    assert len(shown) <= LONGEST + 2
    inner = shown.strip("…")
    assert set(inner.split()) <= set(text.split())


def test_prefers_the_place_with_most_of_the_words() -> None:
    text = FILL * 4 + "a moon alone " + FILL * 4 + "the moon and a tide " + FILL * 4
    assert "the moon and a tide" in snippet(text, seek("tide moon"))


def test_the_end_of_a_text_is_not_cut() -> None:
    shown = snippet(FILL * 10 + "at last a zebra", seek("zebra"))
    assert shown.startswith("…")
    assert shown.endswith("at last a zebra")


def test_scripts_without_spaces_are_cut_between_signs() -> None:
    shown = snippet("字" * 500 + "月" + "字" * 500, seek("月"))
    assert "月" in shown
    assert len(shown) <= LONGEST + 2


@given(st.text(max_size=600), st.text(max_size=20))
def test_never_longer_and_always_from_the_text(text: str, query: str) -> None:
    shown = snippet(text, seek(query))
    assert len(shown) <= LONGEST + 2
    whole = " ".join(text.split())
    assert shown == whole or shown.removeprefix("…").removesuffix("…") in whole


def test_a_text_is_looked_through_no_further_than_so_many_signs() -> None:
    near, far = ("\ufdfa " * count + "a zebra " + FILL for count in (500, 1_500))
    assert "zebra" in snippet(near, seek("zebra"))
    shown = snippet(far, seek("zebra"))
    assert "zebra" not in shown
    assert shown.startswith("\ufdfa")
