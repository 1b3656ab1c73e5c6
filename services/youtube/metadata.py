"""Fetches what YouTube tells about a video beside its words: title, channel, length, date, counts."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.validation import UNSTORABLE
from services.youtube.access import Access
from services.youtube.deadlines import run_in_thread
from services.youtube.extractor import extract
from services.youtube.failures import SourceCode, SourceError

TEXTS: Final = {
    "id": 11,
    "title": 300,
    "uploader": 300,
    "upload_date": 8,
    "channel_url": 500,
    "description": 5_000,
    "thumbnail": 500,
}
"""How many characters are kept of each."""
NUMBERS: Final = ("duration", "view_count", "like_count")

Details = dict[str, str | int | None]
"""All of TEXTS and NUMBERS, in the words of yt-dlp; None is what YouTube did not tell."""


class Metadata:
    def __init__(self, access: Access) -> None:
        self._access = access

    async def fetch(self, youtube_id: str) -> Details:
        """With a title at least. Raises SourceError."""
        found = await run_in_thread(partial(extract, youtube_id, self._access), self._access.total_seconds)
        details = tidy(found)
        if not details["title"]:
            # What must be paid for answers with a link to its trailer.
            is_elsewhere = found.get("_type") == "url"
            raise SourceError(SourceCode.VIDEO_UNAVAILABLE if is_elsewhere else SourceCode.FAILED)
        return details


def tidy(found: Mapping[str, object]) -> Details:
    """Only what we keep, of the types we promise, in characters that can be stored."""
    texts = {key: _text(found.get(key), length) for key, length in TEXTS.items()}
    return {**texts, **{key: _number(found.get(key)) for key in NUMBERS}}


def _text(value: object, length: int) -> str | None:
    return UNSTORABLE.sub("", value)[:length] if isinstance(value, str) else None


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
