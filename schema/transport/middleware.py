"""What every request and answer passes through, the outermost first."""

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import Message, Receive, Scope, Send

from schema.transport.last_resort import LastResort
from schema.transport.refusals import HttpRefusal, refusal_response
from schema.transport.request_log import RequestLog
from services.settings import Settings

SMALLEST_COMPRESSED_BYTES = 1400  # less goes in one packet anyway
COMPRESSION_LEVEL = 5
PREFLIGHT_SECONDS = 3600
SENT_METHODS = ("GET", "POST", "PUT")
READ_BY_PAGES = ("X-Request-ID", "Retry-After")
SENT_BY_PAGES = (
    "Authorization",
    "Content-Type",
    "X-Guest-Session-ID",
    "X-Request-ID",
    "Apollo-Require-Preflight",
    "X-Apollo-Operation-Name",
)


WANTED_METHOD = "access-control-request-method"
PREFLIGHT_REFUSED = HttpRefusal(
    HTTPStatus.BAD_REQUEST,
    f"Pages may send {', '.join(SENT_METHODS)}, with the headers {', '.join(SENT_BY_PAGES)}.",
)


class CrossOrigin(CORSMiddleware):
    """Starlette's, but a page of an origin that is not allowed learns nothing of what others may do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        origin = headers.get("origin") if headers else None
        if headers is None or origin is None:
            await super().__call__(scope, receive, send)
        elif not self.is_allowed_origin(origin):
            await self.app(scope, receive, varied(send))
        elif scope["method"] == "OPTIONS" and WANTED_METHOD in headers and not self._allows(headers):
            await refusal_response(PREFLIGHT_REFUSED, scope)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _allows(self, headers: Headers) -> bool:
        return self.preflight_response(headers).status_code == HTTPStatus.OK


def varied(send: Send) -> Send:
    async def send_varied(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Origin")
        await send(message)

    return send_varied


def middleware(settings: Settings) -> list[Middleware]:
    return [
        Middleware(RequestLog),
        Middleware(
            CrossOrigin,
            allow_origins=settings.allowed_origins,
            # There are no cookies: who calls is told by headers that a page must set itself.
            allow_credentials=False,
            allow_methods=SENT_METHODS,
            allow_headers=SENT_BY_PAGES,
            expose_headers=READ_BY_PAGES,
            max_age=PREFLIGHT_SECONDS,
        ),
        Middleware(LastResort),
        Middleware(
            GZipMiddleware,
            minimum_size=SMALLEST_COMPRESSED_BYTES,
            compresslevel=COMPRESSION_LEVEL,
            # What arrives part by part must not wait to be packed.
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "multipart/mixed"),
        ),
    ]
