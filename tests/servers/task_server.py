"""A stand-in for a server with tasks, which refuses and fails as it is told: what it is asked, and by whom it is left."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.client import Json
from tests.servers.answering import AnsweringServer, QuietHandler, answering

ID = "dGFzaw"
NOTHING: Json = {"__typename": "NoTask"}
CLAIMED: Json = {
    "__typename": "TaskClaimSuccess",
    "leaseToken": "token",
    "leaseSeconds": 0.3,
    "task": {"id": ID, "video": {"youtubeId": "video-00001"}},
}
PUT = "PUT"
Step = int | Json | threading.Event
"""An HTTP status, a member of a result union, or what to wait for before a success."""


@dataclass(slots=True)
class TaskServer:
    """`steps`: by mutation, or for a file that is sent; the last one is for all that follow."""

    origin: str
    steps: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    asked: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    """Mutations and their inputs."""

    def count(self, name: str) -> int:
        return sum(asked == name for asked, _ in self.asked)

    def step(self, name: str, given: Json) -> Step:
        steps = self.steps.get(name) or [{"__typename": "Done"}]
        step = steps[min(self.count(name), len(steps) - 1)]
        self.asked.append((name, given))
        if isinstance(step, threading.Event):
            step.wait()
            return {"__typename": "Done"}
        return step


@contextmanager
def task_server(port: int) -> Generator[TaskServer]:
    """It has one task, over and over."""
    told: TaskServer

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802  so the base class finds it
            asked = json.loads(self._body())
            name = asked["query"].split("{")[1].split("(")[0].strip()
            step = told.step(name, asked["variables"]["input"])
            if isinstance(step, int):
                self.send_error(step)
            else:
                self._answer(json.dumps({"data": {name: step}}).encode())

        def do_PUT(self) -> None:  # noqa: N802  so the base class finds it
            self._body()
            step = told.step(PUT, {})
            if isinstance(step, int):
                self.send_error(step)
            else:
                self._answer(b"")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    closing = threading.Event()
    server = AnsweringServer(("127.0.0.1", port), Handler)
    told = TaskServer(origin=server.origin)
    told.steps["taskClaim"] = [CLAIMED]
    url = f"{server.origin}/upload"
    told.steps["uploadCreate"] = [
        {"__typename": "UploadCreateSuccess", "upload": {"id": "file"}, "url": url, "headers": []}
    ]
    with answering(server, closing):
        yield told
