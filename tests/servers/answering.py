"""An HTTP server on loopback that answers in threads, for fakes of services elsewhere."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class AnsweringServer(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class QuietHandler(BaseHTTPRequestHandler):
    timeout = 10

    def log_message(self, *_args: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  says nothing
        pass


@contextmanager
def answering(server: AnsweringServer, closing: threading.Event) -> Generator[None]:
    """Until the end, which `closing` tells to whoever is made to wait for an answer."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
