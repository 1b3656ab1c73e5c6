"""The pages we bring along: GraphiQL, from our own files and nobody else's, and the front page."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from services.container import Services

STATIC = Path(__file__).parent.parent / "static"

# Monaco puts its styles into the page and its fonts into its styles; nothing else may come from anywhere but here.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
A_YEAR = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Built files, whose names change with their content. Workers take their policy from their own answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whole files only: nobody asks for parts of a page, and what is wrong with a range would be told as plain text.
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        if path.startswith("assets/"):
            response.headers["Cache-Control"] = A_YEAR
        return response


def graphiql_page() -> Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
    return HTMLResponse((STATIC / "graphiql" / "index.html").read_text(encoding="utf-8"), headers=headers)


async def front_page(request: Request) -> Response:
    del request
    message = "VidWiz: a GraphQL API for learning from videos. Ask it at /graphql."
    return JSONResponse({"message": message, "status": "ok", "version": Services.version})


def page_routes(*, graphiql: bool) -> list[Route | Mount]:
    routes: list[Route | Mount] = [Route("/", front_page)]
    if graphiql:
        routes.append(Mount("/static/graphiql", Assets(directory=STATIC / "graphiql")))
    return routes
