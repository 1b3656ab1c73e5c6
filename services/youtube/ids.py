"""The 11-character id of a video, out of whatever people paste."""

import re
from urllib.parse import parse_qs, urlsplit

from services.errors import ProblemCode

VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
HOSTS = ("youtube.com", "m.youtube.com", "music.youtube.com")
SHORT_HOST = "youtu.be"
PATHS_WITH_ID = ("shorts", "live", "embed")


class UnusableLinkError(ValueError):
    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_video_id(text: str, *, accept_playlist_links: bool = False) -> str:
    """The id in a bare id or a watch, shorts, live, embed or youtu.be link, with or without a scheme.

    A link with `list=` is that of a playlist, unless those are accepted that name one of its videos as well.
    Raises UnusableLinkError: blank, a playlist, or no YouTube video.
    """
    text = text.strip()
    if not text:
        raise UnusableLinkError(ProblemCode.REQUIRED, "The video must not be empty.")
    if "list=" in text and not (accept_playlist_links and _names_a_video(text)):
        raise UnusableLinkError(ProblemCode.PLAYLIST, "Playlist links are not supported.")
    candidate = text if VIDEO_ID.fullmatch(text) else _id_in_link(text)
    if candidate is None or not VIDEO_ID.fullmatch(candidate):
        raise UnusableLinkError(ProblemCode.INVALID_FORMAT, "This is not a YouTube video id or link.")
    return candidate


def _names_a_video(text: str) -> bool:
    """Beside the playlist: `v=`, or a short link. Embedded playlists have a word of 11 letters where an id would be."""
    found = _id_in_link(text)
    is_embedded = "/embed/" in text.lower()
    return found is not None and not is_embedded and VIDEO_ID.fullmatch(found) is not None


def _id_in_link(text: str) -> str | None:
    try:
        link = urlsplit(text if "://" in text else f"https://{text.removeprefix('//')}")
        host = (link.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if link.scheme not in {"http", "https"}:
        return None
    first, _, rest = link.path.removeprefix("/").partition("/")
    if host == SHORT_HOST:
        return first
    if host not in HOSTS:
        return None
    if link.path == "/watch":
        return parse_qs(link.query).get("v", [None])[0]
    return rest.partition("/")[0] if first in PATHS_WITH_ID else None


def watch_url(youtube_id: str, at_seconds: float | None = None) -> str:
    """The link to the video, or to one moment of it."""
    link = f"https://www.youtube.com/watch?v={youtube_id}"
    return link if at_seconds is None else f"{link}&t={int(at_seconds)}s"


def embed_url(youtube_id: str) -> str:
    return f"https://www.youtube.com/embed/{youtube_id}"


def thumbnail_url(youtube_id: str) -> str:
    return f"https://i.ytimg.com/vi/{youtube_id}/hqdefault.jpg"
