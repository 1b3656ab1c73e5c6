"""Operations answered by server-sent events, as the graphql-sse protocol has it in its distinct connections mode.

Each payload is a `next` event, and `complete` is the last. Only what is wrong with the HTTP request itself, such as a
body that is no JSON, and a stream too many, which may be tried again, are refused by a status and a JSON body. Any other
refusal, of a document, of variables or of the caller, is the one `next` event of a stream with status 200: the protocol
demands it, since a browser's EventSource shows no body of a refusal, and the graphql-sse client takes any other status
for a broken network and tries again, blindly.

A server that shuts down leaves the answer unfinished: the connection closes between two events, without the chunk that
ends a body. To the clients that is a network that broke: graphql-sse subscribes again, and so does urql with its
retryExchange, which takes a proper end of the body for the end of the stream.
"""

from collections.abc import AsyncGenerator, Mapping

from schema.transport.pipeline import Payload
from schema.transport.streams.response import Framing, StreamResponse


def _next(payload: bytes) -> bytes:
    return b"event: next\ndata: " + payload + b"\n\n"


COMPLETE = b"event: complete\ndata:\n\n"
COMMENT = b":\n\n"
# LF alone, which the standard allows as well as CRLF, and urql wants.
EVENT_STREAM = Framing(
    content_type="text/event-stream",
    opening=COMMENT,
    heartbeat=COMMENT,
    payload=_next,
    ending=COMPLETE,
    failure=lambda error: _next(b'{"errors":[' + error + b"]}") + COMPLETE,
    tells_of_shutdown=False,
)


def event_stream_response(
    payloads: AsyncGenerator[Payload], *, heartbeat_seconds: float, headers: Mapping[str, str] | None = None
) -> StreamResponse:
    return StreamResponse(EVENT_STREAM, payloads, heartbeat_seconds=heartbeat_seconds, headers=headers)
