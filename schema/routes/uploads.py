"""/uploads: files on their way in, to URLs that we signed. With S3 they go there instead."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive

from db.queries.uploads import UploadRow
from services import uploads
from services.container import Services
from services.errors import NotFound
from services.storage.storage import StorageUnavailable

SIZE = re.compile(r"[0-9]{1,18}")
SLOWEST_BYTES_A_SECOND = 64 * 1024
"""A file gets the time that any body gets, and as much more as it takes at this speed."""


class BodyTooSlow(Exception):
    pass


OTHER_SIZE = "The file must have the size that was announced."
REFUSALS: Mapping[type[Exception], tuple[HTTPStatus, str]] = {
    NotFound: (HTTPStatus.NOT_FOUND, "There is nothing at this address."),
    uploads.UploadExpired: (HTTPStatus.GONE, "The upload has expired. Begin another."),
    uploads.UploadUsed: (HTTPStatus.CONFLICT, "The upload was used already. Begin another."),
    uploads.UploadUnderWay: (HTTPStatus.CONFLICT, "The file of this upload is being sent already."),
    uploads.FileTooLong: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, OTHER_SIZE),
    uploads.FileTooShort: (HTTPStatus.BAD_REQUEST, OTHER_SIZE),
    BodyTooSlow: (HTTPStatus.REQUEST_TIMEOUT, "The file did not arrive in time."),
    StorageUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy. Try again in a moment."),
}


def upload_routes(services: Callable[[], Services]) -> list[Route]:
    async def put(request: Request) -> Response:
        """204 once the file is kept; until it is used, another may be sent in its place."""
        opened = services()
        try:
            row = await opened.uploads.announced(request.path_params["token"])
            _check(request.headers, row)
            seconds = opened.settings.receive_seconds + row.size_bytes / SLOWEST_BYTES_A_SECOND
            await opened.uploads.receive(row, _chunks(request.receive, seconds))
        except tuple(REFUSALS) as error:
            raise _refusal(error) from None
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return [Route("/uploads/{token}", put, methods=["PUT"])]


def _check(headers: Headers, row: UploadRow) -> None:
    """Refuses by its head alone what is not the file that was announced."""
    if [sent.strip().lower() for sent in headers.getlist("content-type")] != [row.content_type]:
        raise _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the file with Content-Type: {row.content_type}.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the file as it is, without Content-Encoding.")
    if "content-range" in headers:
        raise _refused(HTTPStatus.BAD_REQUEST, "Send the whole file, without Content-Range.")
    size = headers.get("content-length")
    if size is None:
        return
    if SIZE.fullmatch(size) is None or int(size) > row.size_bytes:
        raise uploads.FileTooLong
    if int(size) < row.size_bytes:
        raise uploads.FileTooShort


async def _chunks(receive: Receive, seconds: float) -> AsyncGenerator[bytes]:
    """`seconds` are for all of them."""
    deadline = asyncio.get_running_loop().time() + seconds
    has_more = True
    while has_more:
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        has_more = message.get("more_body", False)
        yield message.get("body", b"")


def _refusal(error: Exception) -> HTTPException:
    status, message = next(refusal for kind, refusal in REFUSALS.items() if isinstance(error, kind))
    return _refused(status, message)


def _refused(status: HTTPStatus, message: str) -> HTTPException:
    # What is left of the file is not waited for.
    headers = {"Connection": "close"}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return HTTPException(status, message, headers)
