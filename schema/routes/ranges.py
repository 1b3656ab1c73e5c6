"""Which bytes of a file a request wants (RFC 9110, section 14): one range, or all of it."""

import re

from starlette.datastructures import Headers

ONE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,19})-([0-9]{0,19})|-([0-9]{1,19}))[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins behind the end of the file."""


def wanted_range(headers: Headers, size: int, etag: str) -> tuple[int, int] | None:
    """The first byte and the one after the last; None for the whole file.

    What cannot be read, another unit and several ranges at once are ignored, as the RFC allows. So is a range of
    another version of the file (If-Range). Raises Unsatisfiable.
    """
    sent = headers.getlist("range")
    match = ONE_RANGE.fullmatch(sent[0]) if len(sent) == 1 else None
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        if int(suffix) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(suffix)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), min(int(last) + 1, size) if last else size
