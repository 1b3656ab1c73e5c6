"""Stamps as people write them (`1:05`, `1:02:03`): to seconds, from seconds, and what a note may carry as one."""

import re

_STAMP = re.compile(r"(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,9})")
_SIXTY = 60
_FEWEST_DIGITS = 2


def is_timestamp_text(text: str) -> bool:
    """Whether a note may carry `text` as its stamp: a colon and two digits anywhere.

    Deliberately wider than `parse_timestamp`: old clients store stamps that no player can jump to.
    """
    return ":" in text and sum(character.isdigit() for character in text) >= _FEWEST_DIGITS


def parse_timestamp(text: str) -> float | None:
    """Whole seconds of `mm:ss` or `hh:mm:ss`; None for anything else.

    Minutes and seconds stay below 60 behind a larger part; the first part may be any size, so `75:10` is 4510 s.
    """
    match = _STAMP.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part) if part else None for part in match.groups())
    if minutes is None or seconds is None or seconds >= _SIXTY:
        return None
    if hours is not None and minutes >= _SIXTY:
        return None
    return float(((hours or 0) * _SIXTY + minutes) * _SIXTY + seconds)


def format_timestamp(seconds: float) -> str:
    """`m:ss` below an hour, `h:mm:ss` from there on; fractions are cut off, and nothing is earlier than `0:00`."""
    minutes, second = divmod(max(0, int(seconds)), _SIXTY)
    hour, minute = divmod(minutes, _SIXTY)
    if hour:
        return f"{hour}:{minute:02}:{second:02}"
    return f"{minute}:{second:02}"
