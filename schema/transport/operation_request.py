"""What a client asks for, whichever way it comes: checked for its form, and for nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast


class Malformed(ValueError):
    """It has not the form of a request. Its message is a sentence for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    query: str | None
    """None where `extensions` name a document that the server is to know."""
    operation_name: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict[str, object])
    extensions: Mapping[str, object] = field(default_factory=dict[str, object])


def read_operation_request(sent: object) -> OperationRequest:
    """From the parsed body of a request, or the payload of a subscribe message. Raises Malformed."""
    if isinstance(sent, list):
        raise Malformed("Send one operation at a time: a list of them is not taken.")
    if not isinstance(sent, dict):
        raise Malformed("An operation is a JSON object with a query.")
    parts = cast("dict[str, object]", sent)  # the keys of a JSON object are texts
    query, name = _text(parts, "query"), _text(parts, "operationName")
    extensions = _object(parts, "extensions")
    if query is None and "persistedQuery" not in extensions:
        raise Malformed("The query is missing.")
    return OperationRequest(
        query=query,
        # Some clients send an empty name for none.
        operation_name=name or None,
        variables=_object(parts, "variables"),
        extensions=extensions,
    )


def _text(parts: Mapping[str, object], name: str) -> str | None:
    value = parts.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Malformed(f"{name} must be a text.")


def _object(parts: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parts.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("dict[str, object]", value)  # as above
    raise Malformed(f"{name} must be an object.")
