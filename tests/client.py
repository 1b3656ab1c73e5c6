"""A client of the API: operations over HTTP, and subscriptions over graphql-transport-ws."""

import itertools
import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import websockets
from websockets.asyncio.client import ClientConnection

Json = dict[str, Any]

# Without one of its own each client would load the authorities of the world first, longer than most requests take.
UNUSED_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one operation."""

    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def data(self) -> Json:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body["errors"]
        data: Json = self.body["data"]
        return data

    @property
    def error(self) -> Json:
        """The only error."""
        (error,) = self.body["errors"]
        found: Json = error
        return found

    @property
    def code(self) -> str:
        """The code of the only error."""
        code: str = self.error["extensions"]["code"]
        return code


class StreamRefused(Exception):
    """The server answered a subscription with an error message."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors)
        self.errors = errors

    @property
    def code(self) -> str:
        code: str = self.errors[0]["extensions"]["code"]
        return code


@dataclass(frozen=True, slots=True)
class Socket:
    """One connection; it carries one subscription at a time here."""

    connection: ClientConnection
    ids: "itertools.count[int]" = field(default_factory=itertools.count)

    async def subscribe(self, query: str, **variables: object) -> AsyncGenerator[Json]:
        """The one root field of each event, until the server completes the stream. Raises StreamRefused."""
        number = str(next(self.ids))
        payload = {"query": query, "variables": variables}
        await self.send({"id": number, "type": "subscribe", "payload": payload})
        while True:
            message = await self.receive()
            if message.get("id") != number:
                continue  # what was still on its way of an earlier one
            if message["type"] == "complete":
                return
            if message["type"] == "error":
                raise StreamRefused(message["payload"])
            if message["payload"].get("errors"):
                raise StreamRefused(message["payload"]["errors"])
            (event,) = message["payload"]["data"].values()
            yield event

    async def send(self, message: Json) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Json:
        message: Json = json.loads(await self.connection.recv())
        return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A caller: with an access token, a guest session id, or neither."""

    url: str
    token: str | None = None
    guest: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.token}" if self.token else "",
            "X-Guest-Session-ID": self.guest or "",
        }
        return {name: value for name, value in headers.items() if value}

    async def execute(self, query: str, /, **variables: object) -> Answer:
        return await self.post({"query": query, "variables": variables})

    async def post(self, body: object, **headers: str) -> Answer:
        """Any JSON body, with more headers if need be."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=30, verify=UNUSED_TLS) as http:
            # Not json=, which refuses the lone surrogates that a client may well send.
            content = json.dumps(body)
            sent = {"Content-Type": "application/json", **self.headers, **headers}
            response = await http.post("/graphql", content=content, headers=sent)
        return Answer(status=response.status_code, headers=response.headers, body=response.json())

    @asynccontextmanager
    async def socket(self, payload: Json | None = None) -> AsyncGenerator[Socket]:
        """Connected and acknowledged; `payload` takes the place of the caller's own credentials."""
        address = self.url.replace("http://", "ws://") + "/graphql"
        own = {"authorization": self.headers.get("Authorization"), "guestSessionId": self.guest}
        credentials = {name: value for name, value in own.items() if value} if payload is None else payload
        async with websockets.connect(
            address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
        ) as connection:
            socket = Socket(connection)
            await socket.send({"type": "connection_init", "payload": credentials})
            acknowledged = await socket.receive()
            assert acknowledged["type"] == "connection_ack", acknowledged
            yield socket
