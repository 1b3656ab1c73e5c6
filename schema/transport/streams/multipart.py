"""Operations answered in parts, as Apollo's multipart protocol for subscriptions (subscriptionSpec=1.0) has it.

A refusal of the document, its variables or the caller is the payload of the only part, with status 200, as with event
streams. What breaks a stream later, the server's shutdown included, is the protocol's fatal error: no payload, and
errors beside it. Apollo's RetryLink subscribes again then; without it the subscription ends with the error.
"""

from collections.abc import AsyncGenerator, Mapping

from schema.transport.pipeline import Payload
from schema.transport.streams.response import Framing, StreamResponse

BOUNDARY = b"--graphql"
CLOSE = b"--\r\n"


def _part(body: bytes) -> bytes:
    """A part whose opening delimiter has been sent, and the delimiter after it: Apollo reads a part only when that is there."""
    return b"\r\nContent-Type: application/json\r\n\r\n" + body + b"\r\n" + BOUNDARY


HEARTBEAT = _part(b"{}")
MULTIPART = Framing(
    content_type='multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
    # With a part at once, since Apollo takes a body of nothing but the last delimiter for one that broke off.
    opening=BOUNDARY + HEARTBEAT,
    heartbeat=HEARTBEAT,
    payload=lambda payload: _part(b'{"payload":' + payload + b"}"),
    ending=CLOSE,
    failure=lambda error: _part(b'{"payload":null,"errors":[' + error + b"]}") + CLOSE,
    tells_of_shutdown=True,
)


def multipart_response(
    payloads: AsyncGenerator[Payload], *, heartbeat_seconds: float, headers: Mapping[str, str] | None = None
) -> StreamResponse:
    return StreamResponse(MULTIPART, payloads, heartbeat_seconds=heartbeat_seconds, headers=headers)
