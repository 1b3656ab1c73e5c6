"""One operation asked by one caller, over HTTP or a socket, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.client import Json, StreamRefused
from tests.schema.operations import document
from tests.schema.people import Person
from tests.schema.sdl import Schema
from tests.schema.selections import ENDLESS

FORBIDDEN_SOCKET = 4403


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    values: list[Any]
    """Of the root field; of a subscription, one an event."""
    errors: list[Json]
    text: str
    """All that the caller was told, as JSON."""

    @property
    def refusals(self) -> list[tuple[str, str | None]]:
        """Code and reason of each error."""
        told = [error["extensions"] for error in self.errors]
        return [(one["code"], one.get("details", {}).get("reason")) for one in told]


async def ask(
    schema: Schema,
    person: Person,
    operation: str,
    arguments: Mapping[str, object],
    *,
    deepest: int = ENDLESS,
) -> Outcome:
    """A socket that is closed since the caller's token is no good counts as the error it stands for."""
    query = document(schema, operation, arguments, deepest=deepest)
    if operation.startswith("Subscription."):
        return await _follow(person, query, arguments)
    body = (await person.client.execute(query, **arguments)).body
    data: Json = body["data"] or {}
    values = [value for value in data.values() if value is not None]
    return Outcome(values=values, errors=body.get("errors", []), text=json.dumps(body))


async def _follow(person: Person, query: str, arguments: Mapping[str, object]) -> Outcome:
    values: list[Json] = []
    errors: list[Json] = []
    try:
        async with person.client.socket() as socket:
            values.extend([event async for event in socket.subscribe(query, **arguments)])
    except StreamRefused as refused:
        errors = refused.errors
    except ConnectionClosed as closed:
        if closed.rcvd is None or closed.rcvd.code != FORBIDDEN_SOCKET:
            raise
        errors = [{"extensions": {"code": "UNAUTHENTICATED", "details": {"reason": "INVALID"}}}]
    return Outcome(values=values, errors=errors, text=json.dumps([values, errors]))
