"""Checks of client input that collect every problem before refusing."""

import re
from collections.abc import Sequence

from services.errors import InvalidInput, Problem, ProblemCode

# NUL cannot be stored by Postgres; a lone surrogate cannot be encoded as UTF-8.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Checks:
    """Collects problems; `finish()` raises InvalidInput when there are any."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, path: Sequence[str], code: ProblemCode, message: str) -> None:
        self._problems.append(Problem(path=tuple(path), code=code, message=message))

    @property
    def found_any(self) -> bool:
        return bool(self._problems)

    @property
    def problems(self) -> Sequence[Problem]:
        """So far."""
        return self._problems

    def include(self, problems: Sequence[Problem]) -> None:
        """What somebody else found."""
        self._problems += problems

    def finish(self) -> None:
        if self._problems:
            raise InvalidInput(self._problems)

    def required(self, *path: str) -> None:
        self.add(path, ProblemCode.REQUIRED, f"{label(path)} must not be blank.")

    def storable(self, value: str, *path: str) -> bool:
        if UNSTORABLE.search(value):
            self.add(path, ProblemCode.INVALID_CHARACTER, f"{label(path)} contains a character that cannot be stored.")
            return False
        return True

    def text(self, value: str, *path: str, minimum: int = 1, maximum: int) -> str:
        """The trimmed text, between so many characters long. Problems are collected, and "" answered."""
        trimmed = value.strip()
        if not self.storable(value, *path):
            return ""
        if not trimmed and minimum:
            self.required(*path)
        elif len(trimmed) < minimum:
            self.add(path, ProblemCode.TOO_SHORT, f"{label(path)} must have at least {minimum} characters.")
        elif len(trimmed) > maximum:
            self.add(path, ProblemCode.TOO_LONG, f"{label(path)} must have at most {maximum} characters.")
        else:
            return trimmed
        return ""

    def optional_text(self, value: str | None, *path: str, maximum: int) -> str | None:
        """As `text`; absent and blank are both None."""
        if value is None:
            return None
        return self.text(value, *path, minimum=0, maximum=maximum) or None


def label(path: Sequence[str]) -> str:
    """The last name of a path as the start of a sentence: newPassword → New password."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path[-1]).lower()
    return words[:1].upper() + words[1:]
