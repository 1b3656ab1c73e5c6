"""Everyday English words that mean nearly the same: people seldom ask in the words that a speaker chose.

`synonyms.txt` has one group of them a line. They are general on purpose: everyday words, none chosen for one video.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.llm.words import stem


@cache
def synonyms() -> Mapping[str, frozenset[str]]:
    """Of each stem, the stems of words that often stand for it; itself left out."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in Path(__file__).with_name("synonyms.txt").read_text(encoding="utf-8").splitlines():
        group = {stem(word) for word in line.split()}
        for term in group:
            found[term] |= group - {term}
    return {term: frozenset(others) for term, others in found.items()}
