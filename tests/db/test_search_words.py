"""Words as the index holds them, in all scripts, the same for both databases."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Text, cast, literal, select
from sqlalchemy.dialects.postgresql import TSVECTOR

from db.search_query import seek, written
from db.search_words import LONGEST_WORD, MOST_SIGNS, MOST_WORDS, between_spaces, split_words
from db.sessions import Sessions

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("The Moon, twice a day!", ["the", "moon", "twice", "a", "day"]),
        ("don't don\u2019t co\u00adoperate", ["dont", "dont", "cooperate"]),
        ("snake_case 3.14 1,000", ["snake", "case", "3", "14", "1", "000"]),
        ("Straße STRASSE Äpfel Ä", ["strasse", "strasse", "apfel", "a"]),
        ("café CAFE\u0301 Œuvre ﬁn", ["cafe", "cafe", "œuvre", "fin"]),
        ("İstanbul ISPARTA", ["istanbul", "isparta"]),
        ("ΆΝΘΡΩΠΟΣ άνθρωπος", ["ανθρωποσ", "ανθρωποσ"]),
        ("Ёлка ёлка йод", ["елка", "елка", "иод"]),
        ("हिन्दी", ["हिन्दी"]),
        ("中文 字", ["中", "文", "字"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("🌊tide🌊 2🌊", ["tide", "2"]),
        ("nu\0l", ["nu", "l"]),
        ("'\\'' \"q\" &|!:*()<->", ["q"]),
        ("x" * 100, ["x" * LONGEST_WORD]),
        ("a " * 20_000, ["a"] * MOST_WORDS),
    ],
)
def test_words_of_many_languages(text: str, words: list[str]) -> None:
    assert split_words(text) == words
    assert between_spaces(text) == f" {' '.join(words)} "


def test_marks_of_arabic_stay_letters() -> None:
    assert len(split_words("مَرْحَبًا بالعالم")) == 2


@pytest.mark.parametrize("text", ["\ufdfa" * 10_000, "\ufdfa " * 5_000, "\u0935" * 100_000])
def test_so_many_signs_are_folded_and_no_more(text: str) -> None:
    words = split_words(text)
    assert sum(map(len, words)) + len(words) <= MOST_SIGNS + 1


def test_a_heap_of_marks_is_not_sorted() -> None:
    """Which takes a time that grows with the square of their number: `normalize` gets no more than 30 together."""
    (word,) = split_words("\u0935" + "\u0300\u0323" * 20_000)
    assert word == "\u0935" + "\u0323" * 15 + "\u0300" * 15
    assert split_words("a" + "\u0315\uff9e" * 15_000 + "b") == ["ab"]


@given(TEXTS)
def test_splitting_is_idempotent_and_leaves_nothing_to_escape(text: str) -> None:
    words = split_words(text)
    assert split_words(" ".join(words)) == words
    for word in words:
        assert word
        assert len(word) <= LONGEST_WORD
        assert not set(word) & set("'\"\\@*:&|!()")
        assert not any(sign.isspace() or unicodedata.category(sign)[0] in "CZ" for sign in word)


def test_every_sign_there_is_is_split_once_and_for_all() -> None:
    changed = [
        code
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000 and split_words(" ".join(split_words(chr(code)))) != split_words(chr(code))
    ]
    assert changed == []


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_split_as_everything_else_is(text: str) -> None:
    assert split_words(f"{text} é") == [*split_words(text), "e"]


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_postgres_takes_every_sign_there_is(sessions: Sessions) -> None:
    signs = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    async with sessions.read() as reader:
        for start in range(0, len(signs), 10_000):
            words = list(dict.fromkeys(word for sign in signs[start : start + 10_000] for word in split_words(sign)))
            vector = " ".join(f"'{word}':{place}" for place, word in enumerate(words[:16_000], start=1))
            kept = await reader.scalar(select(cast(cast(literal(vector, Text), TSVECTOR), Text)))
            assert kept is not None
            assert len(kept.split()) == len(words)


@given(TEXTS)
def test_a_query_is_made_of_our_own_words_alone(text: str) -> None:
    sought = seek(text)
    expression = written(sought, ["@n1"], "sqlite")
    assert expression.count('"') % 2 == 0
    assert bool(sought) == bool(split_words(text.replace('"', " ")))
