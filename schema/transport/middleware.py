"""What every request and answer passes through, the outermost first."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import Message, Receive, Scope, Send

from schema.transport.request_log import RequestLog
from services.settings import Settings

SMALLEST_COMPRESSED_BYTES = 1400  # less goes in one packet anyway
COMPRESSION_LEVEL = 5
PREFLIGHT_SECONDS = 3600
READ_BY_PAGES = ("X-Request-ID", "Retry-After")
SENT_BY_PAGES = (
    "Authorization",
    "Content-Type",
    "X-Guest-Session-ID",
    "X-Request-ID",
    "Apollo-Require-Preflight",
    "X-Apollo-Operation-Name",
)


class CrossOrigin(CORSMiddleware):
    """Starlette's, but a page of an origin that is not allowed learns nothing of what others may do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or self.is_allowed_origin(origin):
            await super().__call__(scope, receive, send)
            return

        async def send_varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Origin")
            await send(message)

        await self.app(scope, receive, send_varied)


def middleware(settings: Settings) -> list[Middleware]:
    return [
        Middleware(RequestLog),
        Middleware(
            CrossOrigin,
            allow_origins=settings.allowed_origins,
            # There are no cookies: who calls is told by headers that a page must set itself.
            allow_credentials=False,
            allow_methods=("GET", "POST"),
            allow_headers=SENT_BY_PAGES,
            expose_headers=READ_BY_PAGES,
            max_age=PREFLIGHT_SECONDS,
        ),
        Middleware(
            GZipMiddleware,
            minimum_size=SMALLEST_COMPRESSED_BYTES,
            compresslevel=COMPRESSION_LEVEL,
            # What arrives part by part must not wait to be packed.
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "multipart/mixed"),
        ),
    ]
