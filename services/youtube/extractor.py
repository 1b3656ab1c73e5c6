"""yt-dlp behind a typed door: asks for one video's information, downloads nothing, writes no file."""

from collections.abc import Callable, Mapping, MutableMapping
from http.cookiejar import Cookie
from importlib import import_module
from typing import Final, Protocol, cast

import structlog
from structlog.typing import FilteringBoundLogger

from services.youtube.access import Access
from services.youtube.deadlines import Deadline
from services.youtube.failures import BLOCKING_STATUSES, SourceCode, SourceError, code_of_refusal
from services.youtube.ids import watch_url

log: FilteringBoundLogger = structlog.get_logger()

# Two requests: `player` tells title, length, views and description, `next` channel, date and likes.
ARGUMENTS: Final = {
    "player_client": ["android_vr"],
    "player_skip": ["webpage", "configs", "js"],
    "skip": ["hls", "dash", "translated_subs"],
}
SIGNED_IN_CLIENT: Final = "web"
"""In the place of the other, which takes no cookies."""


class _Request(Protocol):
    url: str
    headers: MutableMapping[str, str]


class _CookieJar(Protocol):
    def set_cookie(self, cookie: Cookie) -> None: ...
    def get_cookie_header(self, url: str) -> str | None: ...


class _Downloader(Protocol):
    """As much of yt_dlp.YoutubeDL as is used; the library itself has no types."""

    urlopen: Callable[[_Request], object]
    cookiejar: _CookieJar

    def get_info_extractor(self, ie_key: str) -> object: ...
    def extract_info(self, url: str, *, download: bool, process: bool, ie_key: str) -> Mapping[str, object] | None: ...
    def close(self) -> None: ...


class _Logger:
    """What the library says is of use to whoever looks for a fault; errors it raises besides."""

    def debug(self, message: str) -> None:
        log.debug("ytdlp.said", text=message)

    info = warning = error = debug


def extract(youtube_id: str, access: Access, deadline: Deadline) -> Mapping[str, object]:
    """The library's words for a video. Burns CPU and blocks; call it in a thread. Raises SourceError."""
    downloader = _open(access, deadline)
    try:
        found = downloader.extract_info(watch_url(youtube_id), download=False, process=False, ie_key="Youtube")
    except SourceError:
        raise
    except Exception as error:
        code = _code_of(error)
        if code is SourceCode.FAILED:
            log.warning("metadata.unreadable", error=type(error).__name__, reason=str(error)[:500])
        raise SourceError(code) from error
    finally:
        downloader.close()
    return found or {}


def _open(access: Access, deadline: Deadline) -> _Downloader:
    cookies = access.read_cookies()
    arguments = ARGUMENTS | ({"player_client": [SIGNED_IN_CLIENT]} if cookies else {})
    options = {
        "cachedir": False,
        "extractor_args": {"youtube": arguments},
        "extractor_retries": 0,  # the queue tries again
        "geo_bypass": False,
        "js_runtimes": dict[str, object](),
        "logger": _Logger(),
        "noplaylist": True,
        "proxy": access.proxy_url or "",  # not None, or the environment would be asked
        "quiet": True,
        "socket_timeout": access.wait_seconds,
    }
    # Loaded here, since it takes half a second that most processes need not spend.
    make = cast("Callable[..., _Downloader]", import_module("yt_dlp").YoutubeDL)  # as in the library's documentation
    downloader = make(options, auto_init=False)
    downloader.get_info_extractor("Youtube")
    # Not by the option `cookiefile`, which would write the file when all is done.
    for cookie in cookies:
        downloader.cookiejar.set_cookie(cookie)
    downloader.urlopen = _guarded(downloader, access, deadline)
    return downloader


def _guarded(downloader: _Downloader, access: Access, deadline: Deadline) -> Callable[[_Request], object]:
    """Sends requests where YouTube is reached, and gives up at once where the library would go on without an answer."""
    errors = import_module("yt_dlp.networking.exceptions")
    send = downloader.urlopen

    def guarded(request: _Request) -> object:
        deadline.check()
        address = access.address(request.url)
        if address != request.url:
            # The library would ask the jar for cookies of the gateway's.
            cookies = downloader.cookiejar.get_cookie_header(request.url)
            request.headers.update({"Cookie": cookies} if cookies else {})
            request.url = address
        try:
            return send(request)
        except errors.TransportError as error:
            raise SourceError(SourceCode.UNREACHABLE) from error
        except errors.HTTPError as error:
            if error.status not in BLOCKING_STATUSES:
                raise
            error.close()
            raise SourceError(SourceCode.BLOCKED) from error

    return guarded


def _code_of(error: Exception) -> SourceCode:
    """The library wraps what happened, and calls it expected when YouTube gave a reason or the network failed."""
    causes = cast("tuple[object, ...]", getattr(error, "exc_info", ()))  # as sys.exc_info() answers, where there
    cause = next((each for each in causes if isinstance(each, Exception)), error)
    if getattr(cause, "expected", False) and getattr(cause, "cause", None) is None:
        return code_of_refusal(str(cause))
    return SourceCode.FAILED
