"""/media: files that jobs made, by signed links."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from schema.routes.ranges import Unsatisfiable, wanted_range
from services.container import Services
from services.errors import NotFound
from services.jobs.downloads import Download
from services.storage.storage import BlobMissing, StorageUnavailable

# A browser saves the file, and never shows it as a page of ours, whatever is in it.
POLICY = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def media_routes(services: Callable[[], Services]) -> list[Route]:
    async def media(request: Request) -> Response:
        try:
            download = await services().downloads.find(request.path_params["token"], request.path_params["name"])
        except NotFound:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except StorageUnavailable:
            raise unavailable() from None
        return answer(request, download)

    return [Route("/media/{token}/{name}", media, methods=["GET"])]


def answer(request: Request, download: Download) -> Response:
    """The file, the part of it that is asked for, or that the client has it already. Raises HTTPException."""
    size, etag = download.blob.size_bytes, f'"{download.blob.etag}"'
    headers = {
        **POLICY,
        "Content-Type": download.blob.content_type,
        "Content-Disposition": disposition(download.name),
        "ETag": etag,
    }
    if etag in {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        # Only GET has ranges.
        wanted = wanted_range(request.headers, size, etag) if request.method == "GET" else None
    except Unsatisfiable:
        whole = {"Content-Range": f"bytes */{size}"}
        raise HTTPException(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=whole) from None
    start, end = wanted or (0, size)
    headers["Content-Length"] = str(end - start)
    if wanted is None:
        status = HTTPStatus.OK
    else:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return BlobResponse(download.open(start, end), status, headers)


class BlobResponse(Response):
    """Opens the blob before the head is sent: later it could not be said any more that it is gone."""

    def __init__(
        self, opening: AbstractAsyncContextManager[AsyncIterator[bytes]], status: int, headers: dict[str, str]
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        is_begun = False
        try:
            async with self._opening as pieces:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                is_begun = True
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (BlobMissing, StorageUnavailable) as error:
            if is_begun:
                raise
            raise (HTTPException(HTTPStatus.NOT_FOUND) if isinstance(error, BlobMissing) else unavailable()) from None
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def unavailable() -> HTTPException:
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})


def disposition(name: str) -> str:
    """RFC 6266: the name as it is (RFC 8187), and for old clients in ASCII."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
