"""Fetches what is said in a video, cue by cue, from its captions."""

from collections.abc import Iterable, Sequence
from functools import partial
from math import isfinite

import requests
import structlog
from requests.exceptions import ChunkedEncodingError
from structlog.typing import FilteringBoundLogger
from youtube_transcript_api import (
    AgeRestricted,
    FetchedTranscriptSnippet,
    PoTokenRequired,
    RequestBlocked,
    Transcript,
    TranscriptsDisabled,
    VideoUnavailable,
    VideoUnplayable,
    YouTubeRequestFailed,
    YouTubeTranscriptApi,
)

from services.llm.chat_model import Segment
from services.validation import UNSTORABLE
from services.youtube.access import Access
from services.youtube.deadlines import Deadline, run_in_thread
from services.youtube.failures import BLOCKING_STATUSES, SourceCode, SourceError, code_of_refusal
from services.youtube.http import open_session

log: FilteringBoundLogger = structlog.get_logger()


class Transcripts:
    def __init__(self, access: Access, languages: Sequence[str] = ("en", "hi")) -> None:
        """`languages` by their codes, the most wanted first; `en` stands for `en-GB` too."""
        self._access = access
        self._languages = tuple(languages)

    async def fetch(self, youtube_id: str) -> list[Segment]:
        """At least one segment with words, in order of time. Raises SourceError."""
        work = partial(self._fetch, youtube_id)
        segments = await run_in_thread(work, self._access.total_seconds)
        if not segments:
            raise SourceError(SourceCode.NO_TRANSCRIPT)
        return segments

    def _fetch(self, youtube_id: str, deadline: Deadline) -> list[Segment]:
        with open_session(self._access, deadline) as session:
            try:
                available = YouTubeTranscriptApi(http_client=session).list(youtube_id)
                return _segments(choose(available, self._languages).fetch().snippets)
            except SourceError:
                raise
            except Exception as error:
                code = _code_of(error)
                if code is SourceCode.FAILED:
                    log.warning("transcript.unreadable", error=type(error).__name__, reason=str(error)[:500])
                raise SourceError(code) from error


def choose(available: Iterable[Transcript], languages: Sequence[str]) -> Transcript:
    """The transcript in the most wanted language, preferably one that a person wrote. Raises SourceError."""
    found = list(available)
    for language in languages:
        fitting = [each for each in found if f"{each.language_code}-".startswith(f"{language}-")]
        if fitting:
            return min(fitting, key=lambda each: (each.is_generated, each.language_code != language))
    raise SourceError(SourceCode.NO_TRANSCRIPT)


def _segments(snippets: Iterable[FetchedTranscriptSnippet]) -> list[Segment]:
    """Those with words, single spaces between them, at times that can be."""
    segments = [
        Segment(start_seconds=snippet.start, duration_seconds=max(0.0, snippet.duration), text=text)
        for snippet in snippets
        if (text := " ".join(UNSTORABLE.sub("", snippet.text).split()))
        and isfinite(snippet.start)
        and isfinite(snippet.duration)
        and snippet.start >= 0
    ]
    return sorted(segments, key=lambda segment: segment.start_seconds)


def _code_of(error: Exception) -> SourceCode:
    match error:
        case RequestBlocked() | PoTokenRequired():
            code = SourceCode.BLOCKED
        case TranscriptsDisabled():
            code = SourceCode.DISABLED
        case VideoUnavailable() | AgeRestricted():
            code = SourceCode.VIDEO_UNAVAILABLE
        case VideoUnplayable(reason=reason):
            code = code_of_refusal(reason)
        case YouTubeRequestFailed(__context__=requests.HTTPError(response=requests.Response(status_code=status))):
            code = SourceCode.BLOCKED if status in BLOCKING_STATUSES else SourceCode.FAILED
        case requests.ConnectionError() | requests.Timeout() | ChunkedEncodingError():
            code = SourceCode.UNREACHABLE
        case _:
            code = SourceCode.FAILED
    return code
