"""Positions as clients hold them: opaque text, which may come back altered."""

LONGEST = 19  # digits of the largest number a topic can have


def parse_position(text: str | None) -> int | None:
    """None for anything that we never gave out."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > LONGEST:
        return None
    number = int(text)
    return number if number < 2**63 else None
