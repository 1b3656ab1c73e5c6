"""What may be stored of what is written for a video or a note: plain prose within its bounds, or a reason why not.

A title or a transcript can talk a model into anything, so nothing is kept that has not passed `plain` or `plain_note`:
neither of our own models, which `check_…` hold to their lengths as well, nor of workers of somebody else.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SUMMARY_LENGTH: Final = range(200, 801)
QUESTION_LENGTH: Final = range(20, 121)
NOTE_LENGTH: Final = range(40, 121)
QUESTIONS: Final = 3

_LINK: Final = re.compile(
    r"://|\bwww\.|\b(?:javascript|data|mailto):|\]\(|[a-z0-9-]\.(?:com|de|edu|gov|info|io|net|org|ru|uk)\b",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(r"[*_`#<>\[\]{}|\\~^]|^\s*[-+\u2022\u2013\u2014]\s|^\s*[0-9]+[.)]\s", re.MULTILINE)
_STAMP: Final = re.compile(r"\b[0-9]{1,3}:[0-5][0-9]\b")
_PLAIN: Final = frozenset(".,;:'\"()!?%&/+=- \u00b0\u200c\u200d")
_EMPHASIS: Final = re.compile(r"\*\*|__|`")


class Unusable(ValueError):
    """Why a draft is not kept: a sentence for the model that wrote it, without any of its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A summary of a video, and three questions that it answers, or none."""

    summary: str
    questions: Sequence[str] | None


def check_summary(text: str, *, shortest: int = SUMMARY_LENGTH.start) -> str:
    """One paragraph. `shortest` is less for a video that has little to say."""
    return _checked(text, "summary", range(shortest, SUMMARY_LENGTH.stop))


def check_questions(texts: Sequence[str]) -> list[str]:
    if len(texts) != QUESTIONS:
        raise Unusable(f"There must be exactly {QUESTIONS} questions.")
    questions = [_checked(text, "question", QUESTION_LENGTH) for text in texts]
    if not differ(questions):
        raise Unusable("The questions must differ.")
    if not all(question.endswith(("?", "\uff1f")) for question in questions):
        raise Unusable("Each question must end with a question mark.")
    return questions


def check_note(text: str) -> str:
    return _of_length(plain_note(text), "note", NOTE_LENGTH)


def plain(text: str, name: str) -> str:
    """Of any length: in one line, without emphasis; what cannot be taken out without a change of sense is refused.

    `name` is what the text is called. Raises Unusable.
    """
    if _MARKUP.search(_EMPHASIS.sub("", text)):
        raise Unusable(f"The {name} must be plain prose, without markup, lists or brackets.")
    line = " ".join(_printable(_EMPHASIS.sub("", text)).split())
    if _LINK.search(line):
        raise Unusable(f"The {name} must have no links.")
    if _STAMP.search(line):
        raise Unusable(f"The {name} must have no timestamps.")
    if not any(map(str.isalpha, line)):
        raise Unusable(f"The {name} must have words.")
    return line


def plain_note(text: str) -> str:
    """As `plain`, of what was one line before."""
    if len(text.strip().splitlines()) > 1:
        raise Unusable("The note must be one line.")
    note = plain(text, "note")
    if any(map(is_special, note)):
        raise Unusable("The note must have no special characters.")
    return note


def differ(questions: Sequence[str]) -> bool:
    """In more than the case of their letters."""
    return len({question.casefold() for question in questions}) == len(questions)


def is_special(character: str) -> bool:
    """Whether a note should not have it: neither a letter of any script nor a figure nor usual punctuation."""
    kind = unicodedata.category(character)
    is_usual = kind[0] in "LMN" or (kind[0] == "P" and not character.isascii())
    return not is_usual and character not in _PLAIN


def _checked(text: str, name: str, length: range) -> str:
    return _of_length(plain(text, name), name, length)


def _of_length(text: str, name: str, length: range) -> str:
    if len(text) not in length:
        raise Unusable(f"The {name} must have {length.start} to {length.stop - 1} characters.")
    return text


def _printable(text: str) -> str:
    """Without control characters, and those that turn the direction of text."""
    return "".join(
        character
        for character in text
        if character.isspace() or not unicodedata.category(character).startswith("C") or character in "\u200c\u200d"
    )
