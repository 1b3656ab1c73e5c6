"""Reads what a GET or POST asks for. Raises HttpRefusal for what is no request of ours."""

from email.message import Message
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from schema.transport.http.body import BodyTooLarge, BodyTooSlow, read_body
from schema.transport.json_text import MalformedJson, decode
from schema.transport.operation_request import Malformed, OperationRequest, read_operation_request
from schema.transport.refusals import HttpRefusal
from services.settings import Settings

PARAMETERS = ("query", "operationName", "variables", "extensions")


async def read_request(request: Request, settings: Settings) -> OperationRequest:
    try:
        if request.method == "GET":
            return read_operation_request(_parameters(request.query_params))
        _check_form(request.headers)
        return read_operation_request(decode(await _body(request, settings)))
    except (Malformed, MalformedJson) as error:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, str(error)) from None


def _parameters(sent: QueryParams) -> dict[str, object]:
    if any(len(sent.getlist(name)) > 1 for name in PARAMETERS):
        raise Malformed("A parameter was sent twice.")
    parts: dict[str, object] = {name: sent[name] for name in PARAMETERS if name in sent}
    for name in ("variables", "extensions"):
        text = sent.get(name)
        if text is not None:
            parts[name] = decode(text) if text else None
    return parts


def _check_form(headers: Headers) -> None:
    """JSON in UTF-8 and nothing else: a form that browsers send to foreign sites without asking is no request."""
    sent = headers.getlist("content-type")
    content_type = Message()
    content_type["Content-Type"] = sent[0] if len(sent) == 1 else ""
    charset = content_type.get_param("charset", "utf-8")
    if len(sent) != 1 or content_type.get_content_type() != "application/json":
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json.")
    if not isinstance(charset, str) or charset.lower() not in {"utf-8", "utf8"}:
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the JSON in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without Content-Encoding.")


async def _body(request: Request, settings: Settings) -> bytes:
    maximum = settings.largest_body_bytes
    try:
        announced = request.headers.get("content-length")
        return await read_body(request.receive, maximum, settings.receive_seconds, announced=announced)
    except BodyTooLarge as error:
        raise HttpRefusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body may have {maximum} bytes.",
            code="QUERY_TOO_COMPLEX",
            details={"limit": "bodyBytes", "value": error.size, "maximum": maximum},
            headers={"Connection": "close"},
        ) from None
    except BodyTooSlow:
        raise HttpRefusal(
            HTTPStatus.REQUEST_TIMEOUT,
            "The body took too long to arrive.",
            code="TIMEOUT",
            headers={"Connection": "close"},
        ) from None
