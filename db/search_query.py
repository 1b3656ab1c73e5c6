"""What somebody typed into a search, as both databases are asked for it: nothing but our own words gets to them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from db.engine import DialectName
from db.search_words import split_words

SHORTEST_BEGINNING = 2
"""A single letter begins too many words to look all of them up, and a sign of an unspaced script is a word itself."""


class Sought(NamedTuple):
    """All of it must be in an entry; there is no word at all in a text without any."""

    phrases: tuple[tuple[str, ...], ...]
    """Words that follow each other; most phrases are one word."""
    beginning: str | None = None
    """Of a word: the last that was typed, which may be unfinished."""

    def __bool__(self) -> bool:
        return bool(self.phrases or self.beginning)

    @property
    def words(self) -> frozenset[str]:
        """Without the beginning."""
        return frozenset(word for phrase in self.phrases for word in phrase)


def seek(text: str) -> Sought:
    """Words between double quotes are a phrase. A quote that is not closed is none."""
    pieces = text.split('"')
    last = len(pieces) - 1
    phrases: list[tuple[str, ...]] = []
    for place, piece in enumerate(pieces):
        words = split_words(piece)
        if place % 2 and place < last:
            phrases.append(tuple(words))
        else:
            phrases += [(word,) for word in words]
    *_, final = split_words(pieces[-1]) or [""]
    beginning = final if len(final) >= SHORTEST_BEGINNING else None
    if beginning is not None:
        phrases.pop()
    return Sought(tuple(dict.fromkeys(phrase for phrase in phrases if phrase)), beginning)


def written(sought: Sought, scopes: Sequence[str], dialect: DialectName) -> str:
    """As an FTS5 expression or a tsquery: everything that is sought, and one of the scopes if there are any."""
    parts = list(_terms(sought, dialect))
    if scopes:
        parts.append(f"({_joined(scopes, 'OR' if dialect == 'sqlite' else '|', dialect)})")
    return (" AND " if dialect == "sqlite" else " & ").join(parts)


def _terms(sought: Sought, dialect: DialectName) -> Iterator[str]:
    for phrase in sought.phrases:
        # In FTS5 + is what <-> is in a tsquery.
        yield f"({_joined(phrase, '+' if dialect == 'sqlite' else '<->', dialect)})"
    if sought.beginning is not None:
        yield f'"{sought.beginning}" *' if dialect == "sqlite" else f"'{sought.beginning}':*"


def _joined(words: Iterable[str], operator: str, dialect: DialectName) -> str:
    quote = '"' if dialect == "sqlite" else "'"
    return f" {operator} ".join(f"{quote}{word}{quote}" for word in words)
