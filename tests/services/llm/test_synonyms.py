from pathlib import Path

import pytest

from services.llm import synonyms as module
from services.llm.synonyms import DIGITS, DIGITS_EACH, related, synonyms
from services.llm.words import STOP_WORDS, stem

THESAURUS = Path(module.__file__).with_name("thesaurus.txt")
GROUPS = Path(module.__file__).with_name("synonyms.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("asked", "said"), [("big", "huge"), ("motors", "engine"), ("doctor", "physicians")])
def test_either_stands_for_the_other(asked: str, said: str) -> None:
    assert stem(said) in synonyms()[stem(asked)]
    assert stem(asked) in synonyms()[stem(said)]


def test_nothing_stands_for_itself() -> None:
    assert not [term for term, others in synonyms().items() if term in others]


def test_the_list_is_in_order_and_every_group_is_one() -> None:
    assert sorted(set(GROUPS)) == GROUPS
    assert all(len(set(group.split())) > 1 for group in GROUPS)
    assert all(word.isascii() and word.islower() for group in GROUPS for word in group.split())


def test_few_synonyms_are_stop_words() -> None:
    words = {word for group in GROUPS for word in group.split()}
    assert len(words & STOP_WORDS) < len(words) / 20


@pytest.mark.parametrize(("asked", "said"), [("perspiration", "sweat"), ("planets", "Earth"), ("physician", "surgeon")])
def test_the_thesaurus_knows_neighbours(asked: str, said: str) -> None:
    assert 0 < related(stem(asked.lower()))[stem(said.lower())] < 1


def test_by_hand_counts_at_least_half() -> None:
    assert all(related(term)[other] >= 0.5 for term, others in synonyms().items() for other in others)


def test_unknown_words_have_no_neighbours() -> None:
    assert related("xq17z") == related("") == {}


def test_the_thesaurus_is_well_formed_and_small() -> None:
    lines = [line.split(" ") for line in THESAURUS.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    terms = [term for term, _ in lines]
    assert len(set(terms)) == len(terms)
    for term, codes in lines:
        assert len(codes) % DIGITS_EACH == 0
        assert set(codes) <= set(DIGITS)
        assert term not in related(term)
    assert THESAURUS.stat().st_size < 300_000


def test_the_notice_of_wordnets_licence_stands_in_the_file() -> None:
    head = THESAURUS.read_text(encoding="utf-8")[:4_000]
    assert "Princeton University" in head
    assert 'THIS SOFTWARE AND DATABASE IS PROVIDED "AS IS"' in head
