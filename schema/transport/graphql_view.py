"""GraphQL over HTTP and websockets, for now by Strawberry's own ASGI view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET, UnsetType

from resolvers.loaders import build_loaders
from schema.context import Context
from schema.root import Schema
from schema.transport.addresses import client_address
from schema.transport.request_log import request_id_of
from services.container import Services
from services.errors import Unauthenticated
from services.viewers import Viewer

INIT_SECONDS = 5


@dataclass(slots=True, kw_only=True)
class SocketContext(Context):
    handshake: Mapping[str, str] = field(default_factory=dict[str, str])
    """The headers that the socket was asked for with."""
    connection_params: Mapping[str, object] | None = None
    """The payload of connection_init; Strawberry puts it here."""

    def credential(self, *names: str) -> object:
        """What was sent under one of these names: in the payload, or else in the handshake; None for nothing."""
        payload = {str(name).lower(): value for name, value in (self.connection_params or {}).items()}
        sent = (source.get(name) for source in (payload, self.handshake) for name in names)
        return next((value for value in sent if value is not None and value != ""), None)


class GraphQLView(GraphQL[Context, None]):
    def __init__(
        self, schema: Schema, services: Callable[[], Services], explorer: Callable[[], Response] | None
    ) -> None:
        """`explorer` makes the page that browsers get; None for none."""
        super().__init__(
            schema,
            graphql_ide="graphiql" if explorer else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
        )
        self._services = services
        self._explorer = explorer

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        services = self._services()
        headers = request.headers
        make = SocketContext if isinstance(request, WebSocket) else Context
        context = make(
            services=services,
            request_id=request_id_of(request.scope),
            address=client_address(request, services.settings.trusted_proxies),
            identity=await identify(services, headers.get("authorization"), headers.get("x-guest-session-id")),
            headers=response.headers if isinstance(response, Response) else {},
            loaders=build_loaders(services),
        )
        if isinstance(context, SocketContext):
            context.handshake = headers
        return context

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Sign in by the payload, and by the handshake in what it leaves out; bad credentials close with 4403."""
        if isinstance(context, SocketContext):
            authorization = context.credential("authorization")
            guest = context.credential("guestsessionid", "x-guest-session-id")
            context.identity = await identify(context.services, authorization, guest)
        if isinstance(context.identity, Unauthenticated):
            raise ConnectionRejectionError
        no_payload: UnsetType = UNSET
        return no_payload

    def parse_json(self, data: str | bytes) -> object:
        """An operation is an object; anything else is the client's mistake, and never ours."""
        try:
            body: object = super().parse_json(data)
        except (UnicodeDecodeError, RecursionError, ValueError):
            raise HTTPException(400, "Unable to parse request body as JSON") from None
        if not isinstance(body, dict):
            raise HTTPException(400, "The body must be a JSON object")
        return cast("object", body)  # its keys are looked at by Strawberry, and nothing is known of them here

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Strawberry repeats an unknown name in an answer that takes no other characters."""
        body = await super().parse_http_body(request)
        if not isinstance(body, list) and not is_name(body.operation_name):
            raise HTTPException(400, "The operationName must be a name")
        return body

    async def render_graphql_ide(self, request: Request) -> Response:
        del request
        return self._explorer() if self._explorer else Response(status_code=404)


def is_name(value: object) -> bool:
    """Also None, which stands for the only operation of a document."""
    return value is None or (isinstance(value, str) and value.isascii())


async def identify(services: Services, authorization: object, guest: object) -> Viewer | Unauthenticated:
    try:
        return await services.viewers.identify(authorization, guest)
    except Unauthenticated as error:
        return error
