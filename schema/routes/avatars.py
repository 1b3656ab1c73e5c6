"""/avatars: users' pictures, by links that only we can make."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.container import Services
from services.errors import NotFound
from services.media.avatar_links import DEFAULT_SIZE
from services.media.avatars import Avatar
from services.storage.storage import StorageUnavailable

POLICY: Mapping[str, str] = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # Pages of other origins may show it. What it says of anybody, only who has the link can learn.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
# Not public: a link is for those whom its user gave it to, and a shared cache would keep the picture after its removal.
A_YEAR = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"


def avatar_routes(services: Callable[[], Services]) -> list[Route]:
    async def avatar(request: Request) -> Response:
        try:
            found = await services().avatars.find(request.path_params["token"], _side(request))
        except NotFound:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except StorageUnavailable:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"}) from None
        return answer(request, found)

    return [Route("/avatars/{token}", avatar, methods=["GET"])]


def answer(request: Request, avatar: Avatar) -> Response:
    """The picture, or that the client has it already."""
    etag = f'"{avatar.etag}"'
    headers = {**POLICY, "ETag": etag, "Cache-Control": A_YEAR if avatar.is_version else ASK_AGAIN}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(avatar.content, media_type=avatar.content_type, headers=headers)


def _side(request: Request) -> int:
    """0, which no picture has, for what is no number."""
    text = request.query_params.get("size", str(DEFAULT_SIZE))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("9999") else 0
