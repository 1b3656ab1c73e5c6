from pathlib import Path

import pytest

from services.llm import synonyms as module
from services.llm.synonyms import synonyms
from services.llm.words import STOP_WORDS, stem

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
