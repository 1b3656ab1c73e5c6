"""Refusals of HTTP itself, in the form that errors of GraphQL have."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from schema.transport.coded_errors import coded_error
from schema.transport.json_text import encode
from schema.transport.request_log import request_id_of


class HttpRefusal(Exception):
    """The request is no operation that could be run. `message` is a sentence for the client."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        code: str = "BAD_USER_INPUT",
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.details = details
        self.headers = dict(headers or {})


def refusal_response(refusal: HttpRefusal, scope: Scope) -> Response:
    error = coded_error(refusal.message, refusal.code, request_id_of(scope), details=refusal.details)
    return Response(
        encode({"errors": [error]}),
        status_code=refusal.status,
        headers=refusal.headers,
        media_type="application/json; charset=utf-8",
    )


ROUTING = {
    HTTPStatus.NOT_FOUND: ("There is nothing at this address.", "NOT_FOUND"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("This method is not allowed here.", "BAD_USER_INPUT"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("The server is busy. Try again in a moment.", "TIMEOUT"),
}


async def refuse(request: Request, error: Exception) -> Response:
    """Refusals of Starlette, such as of an unknown address, and of routes, for its table of exception handlers."""
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST)
    message, code = ROUTING.get(status, (f"{status.phrase}.", "BAD_USER_INPUT"))
    if isinstance(error, HTTPException) and error.detail != status.phrase:
        message = error.detail
    headers = error.headers if isinstance(error, HTTPException) else None
    return refusal_response(HttpRefusal(status, message, code=code, headers=headers), request.scope)
