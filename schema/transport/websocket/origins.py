"""Which pages may open a socket from a browser: their own server's, and those of the settings.

A browser asks nobody before it opens a socket to another site, so that the server has to look.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers

ANY = "*"


def is_welcome(headers: Headers, allowed_origins: Collection[str]) -> bool:
    """Also what names no origin, since only browsers do."""
    origins = headers.getlist("origin")
    if not origins or ANY in allowed_origins:
        return True
    # More than one is nothing that a browser sends.
    return len(origins) == 1 and (origins[0] in allowed_origins or _is_own(origins[0], headers.get("host")))


def _is_own(origin: str, host: str | None) -> bool:
    """Whatever its scheme, which a proxy in front may have changed."""
    try:
        named = urlsplit(origin)
    except ValueError:
        return False
    return named.scheme in {"http", "https"} and host is not None and named.netloc.lower() == host.lower()
