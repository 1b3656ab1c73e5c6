"""One operation asked by one caller, over HTTP or a socket, and what came of it."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

from websockets.exceptions import ConnectionClosed

from tests.client import Answer, Json, StreamRefused
from tests.schema.operations import document
from tests.schema.people import Person
from tests.schema.sdl import Schema
from tests.schema.selections import ENDLESS

FORBIDDEN_SOCKET = 4403
UNENDED = frozenset({"JobUpdate", "NoteSnapshot", "NoteDeleted"})
"""After such an event nothing comes here, where no worker is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    values: list[Any]
    """Of the root field; of a subscription, one an event."""
    errors: list[Json]
    text: str
    """All that the caller was told, as JSON."""
    request_id: str | None = None
    """As the header has it; sockets do not say."""

    @classmethod
    def from_answer(cls, answer: Answer) -> Self:
        data: Json = answer.body.get("data") or {}
        return cls(
            values=[value for value in data.values() if value is not None],
            errors=answer.body.get("errors", []),
            text=json.dumps(answer.body),
            request_id=answer.headers["X-Request-ID"],
        )

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
    return Outcome.from_answer(await person.client.execute(query, **arguments))


async def _follow(person: Person, query: str, arguments: Mapping[str, object]) -> Outcome:
    values: list[Json] = []
    errors: list[Json] = []
    try:
        async with person.client.socket() as socket, aclosing(socket.subscribe(query, **arguments)) as events:
            async for event in events:
                values.append(event)
                if event["__typename"] in UNENDED:
                    break
    except StreamRefused as refused:
        errors = refused.errors
    except ConnectionClosed as closed:
        if closed.rcvd is None or closed.rcvd.code != FORBIDDEN_SOCKET:
            raise
        errors = [{"extensions": {"code": "UNAUTHENTICATED", "details": {"reason": "INVALID"}}}]
    return Outcome(values=values, errors=errors, text=json.dumps([values, errors]))
