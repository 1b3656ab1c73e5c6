"""Finds a video by words, through the YouTube Data API (v3, `search.list`)."""

import asyncio
import html
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
import structlog
from pydantic import BaseModel, Field, SecretStr, ValidationError
from structlog.typing import FilteringBoundLogger

from services import limits
from services.errors import VideoSearchUnavailable
from services.validation import UNSTORABLE
from services.youtube.ids import VIDEO_ID

PATH = "/youtube/v3/search"
SEARCH_SECONDS = 5.0
"""For all of it, from the look-up of the name to the last byte; less than an operation may take."""
LARGEST_BYTES = 256 * 1024

log: FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVideo:
    youtube_id: str
    title: str | None


class _Id(BaseModel):
    # Whatever is searched for, the id decides what is noted on: nothing but a video's counts.
    video_id: str = Field(alias="videoId", pattern=f"^{VIDEO_ID.pattern}$")


class _Snippet(BaseModel):
    title: str = ""


class _Item(BaseModel):
    id: _Id
    snippet: _Snippet = _Snippet()


class _Answer(BaseModel):
    items: list[_Item]


class _Failure(Exception):
    """Why there is no answer, for the log."""


class VideoSearch:
    def __init__(self, key: SecretStr | None, origin: str) -> None:
        self._key = key
        self._url = f"{origin.rstrip('/')}{PATH}"

    async def first(self, words: str) -> FoundVideo | None:
        """The video that fits best; None when nothing does. Raises VideoSearchUnavailable, without a key at once."""
        if self._key is None:
            raise VideoSearchUnavailable("Searching for videos by title is not set up on this server.")
        try:
            items = _Answer.model_validate_json(await self._ask(words, self._key)).items
        except (_Failure, ValidationError) as error:
            # What it answers may repeat what was searched for, so that only its kind is told.
            reason = str(error) if isinstance(error, _Failure) else "no answer of a search"
            log.warning("video_search.failed", reason=reason)
            raise VideoSearchUnavailable from None
        return _found(items[0]) if items else None

    async def _ask(self, words: str, key: SecretStr) -> bytes:
        """Asks only there: no redirect is followed, and proxies of the environment do not count."""
        asked = {"part": "snippet", "type": "video", "maxResults": "1", "q": words}
        # In a header, since addresses get into logs. What is compressed could be far larger than it looks.
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "X-Goog-Api-Key": key.get_secret_value(),
        }
        try:
            async with (
                asyncio.timeout(SEARCH_SECONDS),
                httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=SEARCH_SECONDS) as client,
                client.stream("GET", self._url, params=asked, headers=headers) as response,
            ):
                if response.status_code != HTTPStatus.OK:
                    raise _Failure(f"status {response.status_code}")
                return await _read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, UnicodeError) as error:
            raise _Failure(type(error).__name__) from error


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise _Failure("too large")
    return bytes(body)


def _found(item: _Item) -> FoundVideo:
    # It answers with HTML's spellings of quotes and the like.
    title = UNSTORABLE.sub("", html.unescape(item.snippet.title)).strip()[: limits.TITLE_LENGTH]
    return FoundVideo(youtube_id=item.id.video_id, title=title or None)
