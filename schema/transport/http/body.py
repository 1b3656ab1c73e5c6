"""Reads the body of a request, no more of it and no longer than is allowed."""

import asyncio
import re

from starlette.requests import ClientDisconnect
from starlette.types import Receive

SIZE = re.compile(r"[0-9]{1,18}")  # the parser below us refuses longer ones


class BodyTooLarge(Exception):
    """`size` is what was announced or, of a body of unknown length, what had arrived by then."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class BodyTooSlow(Exception):
    pass


async def read_body(receive: Receive, limit: int, seconds: float, *, announced: str | None = None) -> bytes:
    """`announced` is the Content-Length, by which a body too large is refused unread. `seconds` are for all of it.

    Raises BodyTooLarge, BodyTooSlow, and ClientDisconnect when nobody is left to be answered.
    """
    size = int(announced) if announced is not None and SIZE.fullmatch(announced) else 0
    if size > limit:
        raise BodyTooLarge(size)
    try:
        async with asyncio.timeout(seconds):
            return await _received(receive, limit)
    except TimeoutError:
        raise BodyTooSlow from None


async def _received(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge(len(body))
        if not message.get("more_body", False):
            return bytes(body)
