"""A secret word in a prompt, and the answer without it: whoever learns it could pretend to be the prompt."""

import secrets


def new_marker() -> str:
    """Nobody who writes a title or subtitles can guess it."""
    return secrets.token_hex(8)


class MarkerFilter:
    """An answer as it comes, without the marker; of what is held back, no more than could begin it."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._held = ""

    def feed(self, piece: str) -> str:
        text = self._held + piece
        # A cut can bring the halves of another together.
        while (found := text.lower().find(self._marker)) >= 0:
            text = text[:found] + text[found + len(self._marker) :]
        held = next(length for length in range(len(self._marker) - 1, -1, -1) if self._begins_in_last(text, length))
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def end(self) -> str:
        return self._held

    def _begins_in_last(self, text: str, length: int) -> bool:
        return text.lower().endswith(self._marker[:length])
