"""Whether the process lives, and whether it can serve; asked by people, too, at `/health`."""

import asyncio
from collections.abc import Callable

from sqlalchemy import literal, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.container import Services

READY_SECONDS = 2.0


def health_routes(services: Callable[[], Services]) -> list[Route]:
    async def answers() -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS), services().database.read() as reader:
                await reader.scalar(select(literal(1)))
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def live(request: Request) -> Response:
        """Touches nothing: says that the event loop turns."""
        del request
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        """503 while the database does not answer."""
        del request
        if not await answers():
            return JSONResponse({"status": "unavailable"}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def health(request: Request) -> Response:
        """The same, with a sentence and the version."""
        del request
        is_up = await answers()
        told = {
            "message": "The server is running." if is_up else "The database does not answer.",
            "status": "ok" if is_up else "unavailable",
            "version": Services.version,
        }
        return JSONResponse(told, status_code=200 if is_up else 503)

    return [Route("/livez", live), Route("/readyz", ready), Route("/health", health)]
