"""Why something could not be got from YouTube, in codes that programs rely on and sentences that people can read."""

import re
from enum import StrEnum
from typing import Final


class SourceCode(StrEnum):
    BLOCKED = "BLOCKED"
    DISABLED = "DISABLED"
    NO_TRANSCRIPT = "NO_TRANSCRIPT"
    VIDEO_UNAVAILABLE = "VIDEO_UNAVAILABLE"
    UNREACHABLE = "UNREACHABLE"
    COOKIES_UNREADABLE = "COOKIES_UNREADABLE"
    FAILED = "FAILED"


MESSAGES: Final = {
    SourceCode.BLOCKED: "YouTube refuses requests from this server at the moment.",
    SourceCode.DISABLED: "Captions are turned off for this video.",
    SourceCode.NO_TRANSCRIPT: "The video has no transcript in a language that we read.",
    SourceCode.VIDEO_UNAVAILABLE: "The video cannot be watched: it is private, removed, restricted or not out yet.",
    SourceCode.UNREACHABLE: "YouTube could not be reached.",
    SourceCode.COOKIES_UNREADABLE: "The server's cookies for YouTube cannot be read: `vidwiz doctor` says why.",
    SourceCode.FAILED: "YouTube gave an answer that we could not read.",
}
RETRYABLE: Final = frozenset({SourceCode.BLOCKED, SourceCode.UNREACHABLE, SourceCode.FAILED})
BLOCKING_STATUSES: Final = frozenset({403, 429})

_BLOCKED = re.compile(r"not a bot|captcha|rate.?limit|try again later|\bIP\b.*\bblock", re.IGNORECASE)


class SourceError(Exception):
    """`retryable` says whether the same request may succeed within minutes."""

    def __init__(self, code: SourceCode) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]
        self.retryable = code in RETRYABLE


def code_of_refusal(reason: str | None) -> SourceCode:
    """What a player's refusal means: YouTube minds who is asking, or nobody gets to see the video."""
    return SourceCode.BLOCKED if _BLOCKED.search(reason or "") else SourceCode.VIDEO_UNAVAILABLE
