"""Answers to what never became a request, and so reaches no application."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from schema.transport.coded_errors import coded_error
from schema.transport.request_log import ON_EVERY_ANSWER

LARGEST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    message: str
    code: str = "BAD_USER_INPUT"

    def answer(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The whole of it, in the form that an application would give it. `headers` are the server's own."""
        request_id = uuid.uuid4().hex
        body = json.dumps({"errors": [coded_error(self.message, self.code, request_id)]}).encode()
        ours = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            "X-Request-ID": request_id,
        }
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}".encode(),
            *(name + b": " + value for name, value in headers),
            *(f"{name}: {value}".encode() for name, value in (ours | ON_EVERY_ANSWER).items()),
        ]
        return b"\r\n".join([*lines, b"", body])


MALFORMED = Refusal(HTTPStatus.BAD_REQUEST, "This is no HTTP request.")
HEAD_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    f"Address and headers may have {LARGEST_HEAD_BYTES} bytes, and there may be {MOST_HEADERS} headers.",
)
HEAD_TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The headers took too long to arrive.", "TIMEOUT")
