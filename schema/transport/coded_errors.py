"""Errors that no resolver raised, in the form that errors of resolvers have (schema.errors)."""

from collections.abc import Mapping


def coded_error(
    message: str, code: str, request_id: str, *, details: Mapping[str, object] | None = None
) -> dict[str, object]:
    extensions = {"code": code, **({"details": dict(details)} if details else {}), "requestId": request_id}
    return {"message": message, "extensions": extensions}
