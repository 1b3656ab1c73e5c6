"""A transcript that is too long for a model, thinned: stretches from beginning to end, with nothing in between."""

from collections.abc import Sequence
from typing import Final

from services.llm.chat_model import Segment

GAP: Final = "(...)"
"""A line of its own, where something is left out."""
_STRETCH_CHARACTERS: Final = 1_500


def thinned(segments: Sequence[Segment], characters: int | None) -> str:
    """What is said, a line for each segment and without stamps, within so many characters."""
    lines = [line for line in (" ".join(segment.text.split()) for segment in segments) if line]
    whole = "\n".join(lines)
    if characters is None or len(whole) <= characters:
        return whole
    stretches = _stretches(lines)
    room = max(1, characters // (_STRETCH_CHARACTERS + len(GAP) + 2))
    last = len(stretches) - 1
    kept = sorted({round(last * number / max(1, room - 1)) for number in range(room)})
    return f"\n{GAP}\n".join(stretches[number] for number in kept)[:characters]


def _stretches(lines: Sequence[str]) -> list[str]:
    """Whole lines together; one that is longer than a stretch is cut."""
    stretches: list[str] = []
    for line in lines:
        for start in range(0, len(line), _STRETCH_CHARACTERS):
            piece = line[start : start + _STRETCH_CHARACTERS]
            if stretches and len(stretches[-1]) + 1 + len(piece) <= _STRETCH_CHARACTERS:
                stretches[-1] += f"\n{piece}"
            else:
                stretches.append(piece)
    return stretches
