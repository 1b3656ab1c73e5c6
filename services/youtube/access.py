"""How YouTube is reached: directly, through a proxy, or at a gateway that stands in for it."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Proxy variables of the process's environment do not count, only what is given here."""

    proxy_url: str | None = None
    origin: str | None = None
    """Takes the place of https://www.youtube.com, and may have a path; nothing is then asked of any other host."""
    wait_seconds: float = 10
    """The longest wait for a connection, and for a sign of life on it."""
    total_seconds: float = 40
    """The longest a transcript or a set of metadata may take, all its requests together."""

    def address(self, url: str) -> str:
        """Where a request for this URL goes."""
        if self.origin is None or not url.startswith("https://"):
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.origin.rstrip('/')}{parts.path}{query}"
