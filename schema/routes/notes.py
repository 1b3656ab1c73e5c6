"""/notes: a user's notes as files, by signed links."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from schema.routes.media import disposition
from services.container import Services
from services.errors import NotFound, RateLimited

# A browser saves the file, and never shows it as a page of ours. Nobody keeps it: another time there are other notes.
POLICY = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def note_routes(services: Callable[[], Services]) -> list[Route]:
    async def notes(request: Request) -> Response:
        try:
            file = await services().note_exports.find(request.path_params["token"], request.path_params["name"])
        except NotFound:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except RateLimited as error:
            waiting = {"Retry-After": str(error.reset_in_seconds)}
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers=waiting) from None
        headers = {
            **POLICY,
            "Content-Type": file.content_type,
            "Content-Disposition": disposition(file.name),
        }
        return Response(headers=headers) if request.method == "HEAD" else WrittenResponse(file.write(), headers)

    return [Route("/notes/{token}/{name}", notes, methods=["GET"])]


class WrittenResponse(Response):
    """Of a length that nobody knows yet; cut off where the writing fails, so that a part never looks like all of it."""

    def __init__(self, pieces: AsyncGenerator[str], headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        del self.headers["Content-Length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        async with aclosing(self._pieces) as pieces:
            # Before the head: later it could not be said any more that the database is away.
            first = await anext(pieces)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": first.encode(), "more_body": True})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
