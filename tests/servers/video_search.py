"""A stand-in for the YouTube Data API on loopback (`search.list`), written from Google's reference."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from tests.client import Json
from tests.servers.answering import AnsweringServer, QuietHandler, answering

KEY = "AIzaSy-a-key-that-is-only-for-tests"
PATH = "/youtube/v3/search"
OUT_OF_ORDER = "out of order"
"""A search for this fails."""
UNKNOWN = "no such title"
"""A search for this finds nothing."""


@dataclass(frozen=True, slots=True)
class Hit:
    youtube_id: str
    title: str
    """As Google writes it: HTML's spelling of quotes and the like."""


@dataclass(slots=True)
class FakeSearch:
    """What it answers may change at any time."""

    origin: str
    hits: list[Hit] = field(
        default_factory=lambda: [Hit("dQw4w9WgXcQ", "Never &amp; &quot;ever&quot; &#39;gonna&#39;")]
    )
    status: HTTPStatus = HTTPStatus.OK
    body: bytes | None = None
    """In place of what it would answer."""
    is_silent: bool = False
    """No answer as long as it is."""
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The parameters of each request."""
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, parameters: dict[str, str], key: str | None) -> tuple[HTTPStatus, bytes]:
        self.asked.append(parameters)
        if self.body is not None or self.status is not HTTPStatus.OK:
            return self.status, self.body if self.body is not None else _error(self.status)
        if key != KEY:
            return HTTPStatus.BAD_REQUEST, _error(HTTPStatus.BAD_REQUEST)
        if parameters["q"] == OUT_OF_ORDER:
            return HTTPStatus.INTERNAL_SERVER_ERROR, _error(HTTPStatus.INTERNAL_SERVER_ERROR)
        hits = [] if parameters["q"] == UNKNOWN else self.hits
        return self.status, json.dumps(_listed(hits[: int(parameters["maxResults"])])).encode()


@contextmanager
def video_search() -> Generator[FakeSearch]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.search = FakeSearch(origin=server.origin)
    with answering(server, server.search.closing):
        yield server.search


class _Server(AnsweringServer):
    search: FakeSearch


class _Handler(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802  the library looks for this name
        if not isinstance(self.server, _Server):
            raise TypeError(self.server)
        search, asked = self.server.search, urlsplit(self.path)
        parameters = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        if asked.path != PATH or parameters.get("part") != "snippet":
            status, body = HTTPStatus.NOT_FOUND, b""
        else:
            status, body = search.answer(parameters, self.headers.get("X-Goog-Api-Key") or parameters.get("key"))
        while search.is_silent and not search.closing.wait(0.01):
            pass
        with suppress(ConnectionError):  # the client may be tired of waiting
            self.send_response(status)
            if status is HTTPStatus.FOUND:
                self.send_header("Location", f"{search.origin}{self.path}")
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


def _listed(hits: list[Hit]) -> Json:
    return {
        "kind": "youtube#searchListResponse",
        "etag": "e",
        "regionCode": "GB",
        "pageInfo": {"totalResults": 1_000_000 if hits else 0, "resultsPerPage": len(hits)},
        "items": [
            {
                "kind": "youtube#searchResult",
                "etag": "e",
                "id": {"kind": "youtube#video", "videoId": hit.youtube_id},
                "snippet": {"title": hit.title, "channelTitle": "A channel", "liveBroadcastContent": "none"},
            }
            for hit in hits
        ],
    }


def _error(status: HTTPStatus) -> bytes:
    reason = {"message": f"Refused, with the key {KEY}.", "domain": "youtube.quota", "reason": "quotaExceeded"}
    return json.dumps({"error": {"code": status, "message": reason["message"], "errors": [reason]}}).encode()
