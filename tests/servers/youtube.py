"""A stand-in for YouTube on loopback: what the two libraries ask for, answered as scripted for each video.

Written from the libraries' sources, not from recorded traffic: it shows what we do with an answer, not what is answered.
"""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

from tests.servers.answering import AnsweringServer, QuietHandler, answering

Json = Mapping[str, object]

REASONS = {
    "bot": ("LOGIN_REQUIRED", "Sign in to confirm you\N{RIGHT SINGLE QUOTATION MARK}re not a bot"),
    "later": ("UNPLAYABLE", "This content isn't available, try again later."),
    "age": ("LOGIN_REQUIRED", "Sign in to confirm your age"),
    "private": ("LOGIN_REQUIRED", "This is a private video. Please sign in to verify that you may see it."),
    "removed": ("ERROR", "This video is unavailable"),
    "region": ("UNPLAYABLE", "The uploader has blocked it in your country on copyright grounds"),
    "upcoming": ("LIVE_STREAM_OFFLINE", "This live event will begin in 3 hours."),
}
Refused = Literal["bot", "later", "age", "private", "removed", "region", "upcoming"]


class Fault(Enum):
    """What goes wrong before a player could refuse."""

    TOO_MANY_REQUESTS = auto()
    FORBIDDEN = auto()
    CAPTCHA = auto()
    SERVER_ERROR = auto()
    GARBAGE = auto()
    """Success, but nothing that could be parsed."""
    NONSENSE = auto()
    """It parses, and is of another shape than promised."""
    HANG_UP = auto()
    SILENCE = auto()
    """No answer until the script changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    start: object
    duration: object
    text: str
    """HTML, which the file escapes for XML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    language: str = "en"
    cues: tuple[Cue, ...] = (Cue(start=0, duration=2, text="Hello."),)
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeVideo:
    title: str = "Why bees dance"
    channel: str = "Bees at Work"
    seconds: int = 615
    views: int = 1_234_567
    likes: str = "like this video along with 8,765 other people"
    uploaded: str = "Mar 14, 2024"
    description: str = "All about bees."
    captions: tuple[Captions, ...] | None = (Captions(),)
    """None: turned off by the uploader."""
    refused: Refused | None = None
    fault: Fault | None = None


@dataclass(slots=True)
class FakeYouTube:
    """`videos` may change at any time; an id that is not there was removed."""

    origin: str
    videos: dict[str, FakeVideo] = field(default_factory=dict[str, FakeVideo])
    requests: list[str] = field(default_factory=list[str])
    """The path of each request, in the order they came."""
    cookies: list[str] = field(default_factory=list[str])
    """What each request came with."""
    closing: threading.Event = field(default_factory=threading.Event)

    def video(self, youtube_id: str) -> FakeVideo:
        return self.videos.get(youtube_id, FakeVideo(refused="removed"))

    def await_voice(self, youtube_id: str) -> None:
        while self.video(youtube_id).fault is Fault.SILENCE and not self.closing.wait(0.01):
            pass


@contextmanager
def youtube() -> Generator[FakeYouTube]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.youtube = FakeYouTube(origin=server.origin)
    with answering(server, server.youtube.closing):
        yield server.youtube


class _Server(AnsweringServer):
    youtube: FakeYouTube


class _Handler(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802  the library looks for this name
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self._answer(query.get("v", ""), query)

    def do_POST(self) -> None:  # noqa: N802  the library looks for this name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(body["videoId"], {})

    def _answer(self, youtube_id: str, query: Mapping[str, str]) -> None:
        if not isinstance(self.server, _Server):
            raise TypeError(self.server)
        youtube, path = self.server.youtube, urlsplit(self.path).path
        youtube.requests.append(path)
        youtube.cookies.append(self.headers.get("Cookie", ""))
        youtube.await_voice(youtube_id)
        video = youtube.video(youtube_id)
        match video.fault:
            case Fault.HANG_UP | Fault.SILENCE:
                self.close_connection = True
            case Fault.TOO_MANY_REQUESTS:
                self._send(b"", HTTPStatus.TOO_MANY_REQUESTS)
            case Fault.FORBIDDEN:
                self._send(b"", HTTPStatus.FORBIDDEN)
            case Fault.SERVER_ERROR:
                self._send(b"<html>Oops", HTTPStatus.INTERNAL_SERVER_ERROR)
            case Fault.GARBAGE:
                self._send(b"\xff{]<")
            case Fault.CAPTCHA if path == "/watch":
                self._send(b'<form><div class="g-recaptcha"></div></form>')
            case Fault.NONSENSE if path != "/watch":
                self._send(b'{"captions": [1], "videoDetails": 7}')
            case _:
                self._send(_body(path, youtube_id, video, query))

    def _send(self, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        with suppress(ConnectionError):  # the client may be tired of waiting
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


def _body(path: str, youtube_id: str, video: FakeVideo, query: Mapping[str, str]) -> bytes:
    match path:
        case "/watch":
            return b'<script>ytcfg.set({"INNERTUBE_API_KEY": "key-1"});</script>'
        case "/youtubei/v1/player":
            return json.dumps(_player(youtube_id, video)).encode()
        case "/youtubei/v1/next":
            return json.dumps(_next(video)).encode()
        case "/api/timedtext":
            return _timed_text(video, query).encode()
        case _:
            raise LookupError(path)


def _player(youtube_id: str, video: FakeVideo) -> Json:
    if video.refused is not None:
        status, reason = REASONS[video.refused]
        return {"playabilityStatus": {"status": status, "reason": reason}}
    tracks = [_track(youtube_id, captions) for captions in video.captions or ()]
    return {
        "playabilityStatus": {"status": "OK"},
        "videoDetails": {
            "videoId": youtube_id,
            "title": video.title,
            "lengthSeconds": str(video.seconds),
            "channelId": "UC" + "x" * 22,
            "shortDescription": video.description,
            "viewCount": str(video.views),
            "thumbnail": {"thumbnails": [{"url": f"https://i.ytimg.com/vi/{youtube_id}/hqdefault.jpg", "width": 480}]},
        },
        "captions": {} if video.captions is None else {"playerCaptionsTracklistRenderer": {"captionTracks": tracks}},
    }


def _track(youtube_id: str, captions: Captions) -> Json:
    query = {"v": youtube_id, "lang": captions.language} | ({"kind": "asr"} if captions.generated else {})
    return {
        "baseUrl": f"https://www.youtube.com/api/timedtext?{urlencode(query)}&fmt=srv3",
        "name": {"runs": [{"text": captions.language}]},
        "languageCode": captions.language,
        **({"kind": "asr"} if captions.generated else {}),
    }


def _timed_text(video: FakeVideo, query: Mapping[str, str]) -> str:
    for captions in video.captions or ():
        if (captions.language, captions.generated) == (query["lang"], "kind" in query):
            cues = (
                f'<text start="{cue.start}" dur="{cue.duration}">{escape(cue.text)}</text>' for cue in captions.cues
            )
            return f"<transcript>{''.join(cues)}</transcript>"
    raise LookupError(query["lang"])


def _next(video: FakeVideo) -> Json:
    like = "likeButtonViewModel"
    toggle = "toggleButtonViewModel"
    button = {toggle: {toggle: {"defaultButtonViewModel": {"buttonViewModel": {"accessibilityText": video.likes}}}}}
    likes = {"segmentedLikeDislikeButtonViewModel": {like: {like: button}}}
    contents = [
        {
            "videoPrimaryInfoRenderer": {
                "dateText": {"simpleText": video.uploaded},
                "videoActions": {"menuRenderer": {"topLevelButtons": [likes]}},
            }
        },
        {
            "videoSecondaryInfoRenderer": {
                "owner": {"videoOwnerRenderer": {"title": {"runs": [{"text": video.channel}]}}}
            }
        },
    ]
    return {"contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}}}
