"""Cookies of a browser that is signed in to YouTube, from a cookies.txt in Netscape's format.

Read for each fetch, so that a fresh file counts at once; and never written, as both libraries would.
"""

from http.cookiejar import Cookie, CookieJar
from pathlib import Path

FIELDS = 7
_HTTP_ONLY = "#HttpOnly_"


class CookiesUnreadable(Exception):
    """The message says what is wrong with the file, and nothing of what is in it."""


def read_cookies(path: Path) -> CookieJar:
    """Raises CookiesUnreadable."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CookiesUnreadable(f"YOUTUBE_COOKIES names a file that cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise CookiesUnreadable("YOUTUBE_COOKIES names a file that is no text.") from None
    jar = CookieJar()
    for number, line in enumerate(lines, start=1):
        is_comment = line.startswith("#") and not line.startswith(_HTTP_ONLY)
        if line.strip() and not is_comment:
            jar.set_cookie(_cookie(line.removeprefix(_HTTP_ONLY), number))
    if not len(jar):
        raise CookiesUnreadable("YOUTUBE_COOKIES names a file without a cookie.")
    return jar


def _cookie(line: str, number: int) -> Cookie:
    fields = line.split("\t")
    if len(fields) != FIELDS or not fields[0]:
        raise CookiesUnreadable(f"YOUTUBE_COOKIES: line {number} has not the {FIELDS} fields of a cookies.txt.")
    domain, _, path, secure, expires, name, value = fields
    try:
        expiry = int(float(expires or 0)) or None
    except (ValueError, OverflowError):
        raise CookiesUnreadable(f"YOUTUBE_COOKIES: line {number} has an expiry that is no number.") from None
    return Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=True,
        domain_initial_dot=domain.startswith("."),
        path=path or "/",
        path_specified=True,
        secure=secure.upper() == "TRUE",
        expires=expiry,
        discard=expiry is None,
        comment=None,
        comment_url=None,
        rest={},
    )
