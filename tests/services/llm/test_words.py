import pytest

from services.llm.words import STOP_WORDS, stem, tokenise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Why has the Sea tides?", ["why", "has", "the", "sea", "tides"]),
        ("Café, naïve — ÉCOLE", ["cafe", "naive", "ecole"]),
        ("384,400 km; 3.7 terawatts; M2", ["384400", "km", "3.7", "terawatts", "m2"]),
        (
            "the Moon's pull, the Moon\N{RIGHT SINGLE QUOTATION MARK}s bulge",
            ["the", "moon", "pull", "the", "moon", "bulge"],
        ),
        ("don't state-of-the-art", ["dont", "state", "of", "the", "art"]),
        ("robots.txt snake_case C++", ["robots", "txt", "snake", "case", "c"]),
        ("", []),
        ("?! … 🌊", []),
        ("bro\ud800ken\x00word", ["bro", "ken", "word"]),
    ],
)
def test_text_is_cut_and_folded(text: str, words: list[str]) -> None:
    assert tokenise(text) == words


@pytest.mark.parametrize(
    "forms",
    [
        "tide tides tidal",
        "search searches searched searching searcher",
        "rotate rotates rotated rotating rotation",
        "insulate insulation insulating insulator",
        "conduct conducts conducting conduction conductor",
        "compress compressed compression compressor",
        "run runs ran running runner",
        "write writes wrote written writing writer",
        "freeze freezes froze frozen freezing",
        "city cities",
        "child children",
        "gravity gravitational",
        "colour color colours",
        "metre meter metres meters",
        "normalise normalize normalisation normalization",
        "travel travelling traveling travelled",
        "long longer longest length lengthen",
        "high higher height heights",
        "fast faster speed speeds",
        "efficient efficiency",
    ],
)
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "words",
    [
        "spring sprint",
        "heat hear",
        "moon month",
        "boil bail",
        "tide time",
        "gap gas",
        "sun sum",
        "1990 1991",
        "k1 k2",
        "ring run",
    ],
)
def test_different_words_stay_apart(words: str) -> None:
    first, second = words.split()
    assert stem(first) != stem(second)


@pytest.mark.parametrize("word", ["", "a", "is", "ss", "ing", "aaaa", "ssss", "1990s", "thing", "bring", "ed", "yyyy"])
def test_no_word_is_too_odd_to_stem(word: str) -> None:
    assert len(stem(word)) <= len(word)


def test_stop_words_are_plain_words() -> None:
    assert all(word.isalpha() and word == word.lower() for word in STOP_WORDS)
    assert {"the", "why", "dont"} <= STOP_WORDS
    assert not {"tide", "first", "long"} & STOP_WORDS
