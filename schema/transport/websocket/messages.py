"""The messages of graphql-transport-ws: those of a client read from frames, those of the server made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from schema.transport.json_text import MalformedJson, decode
from schema.transport.operation_request import Malformed, OperationRequest, read_operation_request

SUBPROTOCOL = "graphql-transport-ws"

Message = Mapping[str, object]
"""Of the server, ready for JSON."""


class CloseCode(IntEnum):
    """Why the server closes a socket. The graphql-ws client comes back after FORBIDDEN, INIT_TIMEOUT and TRY_AGAIN_LATER."""

    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_REQUESTS = 4429


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInit:
    payload: Mapping[str, object]
    """Empty when the client sent none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    payload: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    id: str
    request: OperationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    id: str


ClientMessage = ConnectionInit | Ping | Pong | Subscribe | Complete


class InvalidMessage(Exception):
    """The frame is no message that a client may send. It says why in a sentence, which may hold what was sent."""


def read_message(frame: str) -> ClientMessage:
    """Raises InvalidMessage."""
    try:
        sent = decode(frame)
        if not isinstance(sent, dict):
            raise InvalidMessage("A message is a JSON object.")
        return _read(cast("dict[str, object]", sent))  # the keys of a JSON object are texts
    except (MalformedJson, Malformed) as error:
        raise InvalidMessage(str(error)) from None


def _read(sent: Mapping[str, object]) -> ClientMessage:
    match sent.get("type"):
        case "connection_init":
            return ConnectionInit(payload=_payload(sent) or {})
        case "ping":
            return Ping(payload=_payload(sent))
        case "pong":
            _payload(sent)
            return Pong()
        case "subscribe":
            return Subscribe(id=_id(sent), request=read_operation_request(sent.get("payload")))
        case "complete":
            return Complete(id=_id(sent))
        case str() as unknown:
            raise InvalidMessage(f"A client sends no message of the type {unknown}.")
        case _:
            raise InvalidMessage("The message has no type.")


def _payload(sent: Mapping[str, object]) -> Mapping[str, object] | None:
    payload = sent.get("payload")
    if payload is None:
        return None
    if not isinstance(payload, dict):
        raise InvalidMessage("The payload must be an object.")
    return cast("dict[str, object]", payload)  # as above


def _id(sent: Mapping[str, object]) -> str:
    number = sent.get("id")
    if not isinstance(number, str) or not number:
        raise InvalidMessage("The id must be a text, and not empty.")
    return number


CONNECTION_ACK: Message = {"type": "connection_ack"}


def pong(payload: Mapping[str, object] | None) -> Message:
    """With what came with the ping."""
    return {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}


def next_(number: str, payload: Mapping[str, object]) -> Message:
    return {"id": number, "type": "next", "payload": payload}


def error(number: str, errors: Sequence[object]) -> Message:
    """Nothing more comes for that id, not even `complete`."""
    return {"id": number, "type": "error", "payload": errors}


def complete(number: str) -> Message:
    return {"id": number, "type": "complete"}
