"""Sockets spoken to message by message."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.client import Json

SECONDS = 15
"""In which every message that is waited for must have come."""
ABNORMAL = 1006
"""What a client sees when there was no close frame."""
INIT: Json = {"type": "connection_init"}
TYPENAME = "{ __typename }"


def subscribe(number: str, query: str = TYPENAME, **parts: object) -> Json:
    return {"id": number, "type": "subscribe", "payload": {"query": query, **parts}}


@asynccontextmanager
async def connected(
    url: str,
    *,
    protocols: tuple[str, ...] = ("graphql-transport-ws",),
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    origin: str | None = None,
) -> AsyncGenerator[ClientConnection]:
    """Open, and nothing sent. Raises websockets.InvalidStatus when the handshake is refused."""
    async with websockets.connect(
        url.replace("http://", "ws://") + "/graphql",
        additional_headers=list(headers.items()) if isinstance(headers, Mapping) else list(headers),
        origin=None if origin is None else websockets.Origin(origin),
        subprotocols=[websockets.Subprotocol(name) for name in protocols] or None,
        compression=None,
        close_timeout=1,
    ) as connection:
        yield connection


@asynccontextmanager
async def acknowledged(url: str, payload: Json | None = None) -> AsyncGenerator[ClientConnection]:
    async with connected(url) as connection:
        assert await told(connection, INIT if payload is None else INIT | {"payload": payload}) == {
            "type": "connection_ack"
        }
        yield connection


async def send(connection: ClientConnection, *messages: Json) -> None:
    for message in messages:
        await connection.send(json.dumps(message))


async def heard(connection: ClientConnection) -> Json:
    """The next message. Raises ConnectionClosed."""
    async with asyncio.timeout(SECONDS):
        message: Json = json.loads(await connection.recv())
    return message


async def told(connection: ClientConnection, message: Json) -> Json:
    """The next message after this one is sent."""
    await send(connection, message)
    return await heard(connection)


async def closing(connection: ClientConnection) -> tuple[int, str]:
    """The code and the reason with which the server closes, however much it says before."""
    try:
        while True:
            await heard(connection)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (ABNORMAL, "")


async def is_well(connection: ClientConnection) -> bool:
    answer = await told(connection, subscribe("well"))
    done = await heard(connection)
    return answer["payload"] == {"data": {"__typename": "Query"}} and done == {"id": "well", "type": "complete"}
