"""The word file is made of what WordNet relates and of words that are used alike."""

from pathlib import Path

import pytest

from tests.evaluation.make_thesaurus import neighbours
from tests.evaluation.wordnet import WordNet

NOUNS = """\
  1 The licence comes first.
00000001 03 n 02 sea 0 ocean(p) 0 001 @ 00000002 n 0000 | a large body of water
00000002 03 n 01 water 0 001 ~ 00000001 n 0000 | it flows
00000003 03 n 01 Fundy 0 001 @i 00000001 n 0000 | a bay
"""
VERBS = """\
00000004 30 v 01 watering 0 001 + 00000002 n 0101 01 + 02 00 | to give water
"""
SENSES = """\
sea%1:03:00:: 00000001 1 9
ocean%1:03:00:: 00000001 1 0
water%1:03:00:: 00000002 1 4
watering%2:30:00:: 00000004 1 0
fundy%1:03:00:: 00000003 1 0
"""


@pytest.fixture
def wordnet(tmp_path: Path) -> WordNet:
    files = {"data.noun": NOUNS, "data.verb": VERBS, "data.adj": "", "data.adv": "", "index.sense": SENSES}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return WordNet.read(tmp_path)


def test_names_are_not_common_words(wordnet: WordNet) -> None:
    assert wordnet.common_words() == {"sea", "ocean", "water", "watering"}


def test_words_of_one_sense_are_nearest_then_derived_then_more_general_ones(wordnet: WordNet) -> None:
    pairs = wordnet.pairs({"sea", "ocean", "water", "watering"})

    assert pairs["sea", "ocean"] == pairs["ocean", "sea"] == 1.0
    assert pairs["sea", "ocean"] > pairs["watering", "water"] > pairs["sea", "water"] > 0
    assert ("sea", "watering") not in pairs
    assert not any(one == other for one, other in pairs)


def test_only_known_words_are_paired(wordnet: WordNet) -> None:
    assert set(wordnet.pairs({"sea", "water"})) == {("sea", "water"), ("water", "sea")}


def test_use_or_relation_makes_neighbours() -> None:
    vectors = {"sea": [1.0, 0.0], "ocean": [0.8, 0.6], "pot": [0.0, 1.0]}
    near = neighbours(vectors, {("sea", "pot"): 1.0, ("pot", "sea"): 1.0})

    assert near[0].keys() == {1, 2}
    assert near[0][1] == near[1][0] == pytest.approx(0.8 * 0.6)
    assert near[0][2] == near[2][0] == pytest.approx(0.7 * 0.4)
    assert near[2][1] == pytest.approx(0.8 * 0.2)
