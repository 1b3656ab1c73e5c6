"""Texts as the search index holds them: words without case and accents, the same for both databases.

The databases would each cut and fold words in their own way; so this is done here, and they only look words up.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Dialect, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator, TypeEngine

LONGEST_WORD = 64
MOST_WORDS = 16_000
"""Of one text; Postgres counts positions no further."""
MOST_SIGNS = 40_000
"""Of one text, folded: the rest is not looked at. There are signs that stand for eighteen others each."""

# Scripts whose accents are spelling aids that people leave out. In others (Devanagari) such a mark is a letter.
_FOLDED_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
# Written without spaces: each sign is taken for a word.
_UNSPACED = ("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA", "THAI", "LAO ", "KHMER", "MYANMAR")

# No word needs so many marks together; to put thousands in order takes longer than all else.
_HEAPED_MARKS = re.compile(r"((?:[^\w\x00-\x7f]|[\uff9e\uff9f]){30})(?:[^\w\x00-\x7f]|[\uff9e\uff9f])+")


def split_words(text: str) -> list[str]:
    """The words in their order: letters, marks and digits, in lower case, accents folded; each of 64 signs at most."""
    return [word[:LONGEST_WORD] for word in _folded(text).split()][:MOST_WORDS]


def folded_length(text: str) -> int:
    """About how many signs there are to fold in a text: what the work takes. Quickly told."""
    return len(text) if text.isascii() else len(_decomposed(text))


def _folded(text: str) -> str:
    if text.isascii():
        return text.translate(_ASCII)
    lowered = _decomposed(text[:MOST_SIGNS])[:MOST_SIGNS].casefold()[:MOST_SIGNS]
    return "".join(_signs(_decomposed(lowered)[:MOST_SIGNS]))


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", _HEAPED_MARKS.sub(r"\1", text))


class _Sign(NamedTuple):
    shown: str
    folds: bool | None = None
    """Of a letter: whether its accents are left out."""
    is_accent: bool = False


def _signs(text: str) -> Iterator[str]:
    """The signs of the words, with spaces between the words."""
    folding: bool | None = False
    for shown, folds, is_accent in map(_sign, text):
        if folds is not None:
            folding = folds
        if not (is_accent and folding):
            yield shown


@lru_cache(maxsize=10_000)
def _sign(sign: str) -> _Sign:
    category = unicodedata.category(sign)
    if category[0] == "M":
        return _Sign(sign, is_accent=category == "Mn")
    if category[0] in "LN":
        name = unicodedata.name(sign, "")
        is_word = not sign.isascii() and name.startswith(_UNSPACED)
        return _Sign(f" {sign} " if is_word else sign, folds=sign.isascii() or name.startswith(_FOLDED_SCRIPTS))
    return _Sign("" if sign in _WITHIN_WORDS else " ")


_WITHIN_WORDS = frozenset(
    "'\N{RIGHT SINGLE QUOTATION MARK}\N{SOFT HYPHEN}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
)
"""Left out without ending the word: don't is dont."""

_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)} | {ord("'"): None}
"""What is done to most texts, and to all signs below, with a table: ten times as fast."""


def scope_word(letter: str, owner: int) -> str:
    """A word that no text has, and each entry that one may search together: so the index leads to these alone.

    `n` and `c` with the id of a user: own notes and conversations; `v` with the id of a video: its transcript.
    """
    return f"@{letter}{owner}"


def between_spaces(text: str) -> str:
    """The words with a space before and after each, to be looked through by LIKE."""
    return f" {' '.join(split_words(text))} "


class Words(TypeDecorator[str]):
    """Words with a space between; a tsvector with their positions on Postgres. It is written, and matched; not read."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return _as_tsvector(value)


def _as_tsvector(words: str) -> str:
    """Our words hold no quote and no backslash."""
    places = defaultdict[str, list[str]](list)
    for place, word in enumerate(words.split(), start=1):
        places[word].append(str(place))
    return " ".join(f"'{word}':{','.join(numbers)}" for word, numbers in places.items())
