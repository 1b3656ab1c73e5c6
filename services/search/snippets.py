"""The part of a text that shows why it was found."""

import re
from collections.abc import Iterator

from db.search_query import Sought
from db.search_words import folded_length, split_words

LONGEST = 160
LEAD = 40
"""What is shown before the first word that was found."""
MOST_FOLDED = 20_000
"""Signs of a text that are looked through: nearly all texts whole."""
_RUN = re.compile(r"\S{1,40}")
"""Scripts without spaces are looked through in pieces."""


def snippet(text: str, sought: Sought) -> str:
    """Up to 160 characters as they were written, from around the most of the words, and … where something is left out.

    No word is cut but in scripts without spaces; nothing is marked.
    """
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    start = max(0, _best_place(text, sought) - LEAD)
    if start:
        start = _after_space(text, start)
    end = start + LONGEST
    if end >= len(text):
        return f"…{text[_after_space(text, len(text) - LONGEST) :]}"
    space = text.rfind(" ", start + LONGEST // 2, end + 1)
    return f"{'…' if start else ''}{text[start : end if space < 0 else space]}…"


def _after_space(text: str, start: int) -> int:
    """The next beginning of a word; the place itself when there is none near."""
    space = text.find(" ", start - 1, start + LEAD)
    return start if space < 0 else space + 1


def _best_place(text: str, sought: Sought) -> int:
    """Where the part begins that has most of the different words; the first of equal ones, 0 without any."""
    found = list(_found(text, sought))
    best, most = 0, 0
    for first, (place, _) in enumerate(found):
        reached = place + LONGEST - 2 * LEAD
        different = set[str]().union(*(words for at, words in found[first : first + 30] if at <= reached))
        if len(different) > most:
            best, most = place, len(different)
    return best


def _found(text: str, sought: Sought) -> Iterator[tuple[int, set[str]]]:
    """Places of the words, and which they are; the beginning stands for all that begin so.

    No further than the first of a single word, and than so many signs.
    """
    wanted, beginning = sought.words, sought.beginning
    is_single = len(wanted) + (beginning is not None) == 1
    left = MOST_FOLDED
    for run in _RUN.finditer(text):
        left -= folded_length(run[0])
        if left < 0:
            return
        words = split_words(run[0])
        found = wanted.intersection(words)
        if beginning is not None and any(word.startswith(beginning) for word in words):
            found |= {beginning}
        if found:
            yield run.start(), set(found)
            if is_single:
                return
