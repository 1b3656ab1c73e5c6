"""What has come of a socket when its end is decided is not taken any more."""

import pytest
from starlette.types import Message

from schema.transport.websocket.connection import SocketConnection, SocketEnded
from schema.transport.websocket.messages import CloseCode


async def receive() -> Message:
    return {"type": "websocket.receive", "text": "{}"}


async def send(message: Message) -> None:
    del message


@pytest.mark.asyncio
async def test_nothing_is_received_after_the_end() -> None:
    connection = SocketConnection(receive, send)
    assert await connection.receive() == "{}"
    ending = connection.end(CloseCode.BAD_REQUEST, "Enough")
    with pytest.raises(SocketEnded) as raised:
        await connection.receive()
    assert raised.value is ending
