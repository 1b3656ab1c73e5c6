"""How YouTube is reached: directly, through a proxy, or at a gateway that stands in for it."""

from dataclasses import dataclass
from http.cookiejar import Cookie
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from structlog.typing import FilteringBoundLogger

from services.youtube.cookies import CookiesUnreadable, read_cookies
from services.youtube.failures import SourceCode, SourceError

log: FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Proxy variables of the process's environment do not count, only what is given here."""

    proxy_url: str | None = None
    origin: str | None = None
    """Takes the place of https://www.youtube.com, and may have a path; nothing is then asked of any other host."""
    cookies: Path | None = None
    """A cookies.txt of a browser that is signed in."""
    wait_seconds: float = 10
    """The longest wait for a connection, and for a sign of life on it."""
    total_seconds: float = 40
    """The longest a transcript or a set of metadata may take, all its requests together."""

    def read_cookies(self) -> list[Cookie]:
        """Of the file, as it is now. Raises SourceError."""
        if self.cookies is None:
            return []
        try:
            return list(read_cookies(self.cookies))
        except CookiesUnreadable as error:
            log.warning("youtube.cookies_unreadable", reason=str(error))
            raise SourceError(SourceCode.COOKIES_UNREADABLE) from error

    def address(self, url: str) -> str:
        """Where a request for this URL goes."""
        if self.origin is None or not url.startswith("https://"):
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.origin.rstrip('/')}{parts.path}{query}"
