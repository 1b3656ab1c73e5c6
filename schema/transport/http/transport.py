"""GraphQL over HTTP, after its specification: GET for queries, POST for all, and the answer in the form that is asked for."""

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from http import HTTPStatus

from graphql import OperationType
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schema.context import Context
from schema.execution.graphql_core import Operation
from schema.transport.contexts import Contexts
from schema.transport.http.attended import ClientGone, execute_attended
from schema.transport.http.negotiation import MediaType, preferred
from schema.transport.http.requests import read_request
from schema.transport.json_text import encode
from schema.transport.open_connections import OpenConnections, TooManyConnections
from schema.transport.pipeline import Payload, Pipeline, RequestRefused
from schema.transport.refusals import HttpRefusal, refusal_response
from schema.transport.streams.event_stream import event_stream_response
from schema.transport.streams.multipart import multipart_response
from schema.transport.streams.response import single
from services.container import Services
from services.identity.viewers import Viewer

METHODS = {"GET", "POST"}
STREAMS = {MediaType.EVENT_STREAM: event_stream_response, MediaType.MULTIPART: multipart_response}
RETRY_SECONDS = 5
"""After which a client that has too many streams may try again: when one of them ends is not known."""


class HttpTransport:
    def __init__(
        self,
        pipeline: Pipeline,
        contexts: Contexts,
        services: Callable[[], Services],
        connections: OpenConnections,
        explorer: Callable[[], Response] | None,
    ) -> None:
        """`explorer` makes the page that browsers get; None for none."""
        self._pipeline = pipeline
        self._contexts = contexts
        self._services = services
        self._connections = connections
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with ExitStack() as place:
            try:
                response = await self._answer(request, place)
            except HttpRefusal as refusal:
                response = refusal_response(refusal, scope)
            except ClientGone:
                return
            headers = MutableHeaders(raw=response.raw_headers)
            headers.add_vary_header("Accept")
            headers.setdefault("Cache-Control", "no-store")
            await response(scope, receive, send)

    async def _answer(self, request: Request, place: ExitStack) -> Response:
        """`place` is left when the answer has come to its end."""
        if request.method not in METHODS:
            raise HttpRefusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "Send GET or POST.", headers={"Allow": ", ".join(sorted(METHODS))}
            )
        media = preferred(request.headers)
        if (
            media is MediaType.HTML
            and request.method == "GET"
            and not {"query", "extensions"} & request.query_params.keys()
        ):
            if self._explorer is None:
                raise HttpRefusal(HTTPStatus.NOT_FOUND, "There is no page here.", code="NOT_FOUND")
            return self._explorer()
        if media is None:
            raise HttpRefusal(
                HTTPStatus.NOT_ACCEPTABLE, "Accept application/json or application/graphql-response+json."
            )
        asked = await read_request(request, self._services().settings)
        sent = request.headers
        identity = await self._contexts.identify(sent.get("authorization"), sent.get("x-guest-session-id"))
        context = self._contexts.make(request, identity)
        try:
            operation = await self._pipeline.prepare(asked, context)
            _check_kind(operation.kind, request.method, media)
            if media in STREAMS:
                return self._stream(media, await self._payloads(operation, request, place), context)
            return _json(await execute_attended(self._pipeline, operation, request.receive), media, context)
        except RequestRefused as refused:
            if media in STREAMS:
                return self._stream(media, single(refused.payload), context)
            return _json(refused.payload, media, context)

    async def _payloads(self, operation: Operation, request: Request, place: ExitStack) -> AsyncGenerator[Payload]:
        if operation.kind is not OperationType.SUBSCRIPTION:
            return single(await execute_attended(self._pipeline, operation, request.receive))
        context = operation.context
        viewer = context.identity if isinstance(context.identity, Viewer) else None
        try:
            place.enter_context(self._connections.streaming(context.device.address, viewer))
        except TooManyConnections:
            raise HttpRefusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many streams are open. End one of them, or use a websocket.",
                code="RATE_LIMITED",
                details={"resetInSeconds": RETRY_SECONDS},
                headers={"Retry-After": str(RETRY_SECONDS)},
            ) from None
        return await self._pipeline.subscribe(operation)

    def _stream(self, media: MediaType, payloads: AsyncGenerator[Payload], context: Context) -> Response:
        seconds = self._services().settings.stream_heartbeat_seconds
        return STREAMS[media](payloads, heartbeat_seconds=seconds, headers=context.headers)


def _check_kind(kind: OperationType, method: str, media: MediaType) -> None:
    """Raises HttpRefusal for a mutation by GET, which must change nothing, and for a subscription with no way to stream."""
    if method == "GET" and kind is OperationType.MUTATION:
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED, "GET is for queries alone. Send POST.", headers={"Allow": "POST"}
        )
    if kind is OperationType.SUBSCRIPTION and media not in STREAMS:
        raise HttpRefusal(
            HTTPStatus.BAD_REQUEST,
            "A subscription needs a websocket, or to be asked for first of all by Accept: text/event-stream, "
            "or multipart/mixed;subscriptionSpec=1.0.",
        )


def _json(payload: Payload, media: MediaType, context: Context) -> Response:
    """What was refused has status 400 only in the form whose readers look at it: others take any 4xx for a broken server."""
    is_new_form = media is MediaType.RESPONSE_JSON
    return Response(
        encode(payload),
        status_code=HTTPStatus.BAD_REQUEST if is_new_form and "data" not in payload else HTTPStatus.OK,
        headers=context.headers,
        media_type=f"{(media if is_new_form else MediaType.JSON).value}; charset=utf-8",
    )
