"""Where the clients' scenarios are played: servers as an operator runs them, and who breaks what they rely on."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tests.clients.proxy import Proxy, proxy_to
from tests.commands import Operator
from tests.conditions import until
from tests.servers.ports import free_port

BUNDLES = Path(__file__).parents[2] / "clients" / "dist"
PACE_SECONDS = "0.03"
# A token outlives a few requests, and a reply some tokens.
BRIEF_TOKEN_HOURS = str(3 / 3600)
SLOW_PACE_SECONDS = "0.15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    origin: str
    """Of a page that is no page of the servers'; also takes POST /cut and POST /restart."""
    addresses: dict[str, str]
    """What the scenarios call a stage."""


class RestartedServer:
    """A server behind a proxy, which stays where it is while the server comes and goes."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._running = ExitStack()
        self._lock = asyncio.Lock()
        self.proxy: Proxy | None = None

    async def start(self) -> int:
        url, _ = await asyncio.to_thread(self._running.enter_context, self._operator.serving())
        return _port(url)

    async def stop(self) -> None:
        await asyncio.to_thread(self._running.close)

    async def restart(self, _: Request) -> Response:
        assert self.proxy is not None
        async with self._lock:
            await self.stop()
            self.proxy.target = await self.start()
        return Response()


@asynccontextmanager
async def staged(folder: Path) -> AsyncGenerator[Stage]:
    """All of it, on SQLite, in folders of its own."""
    origin = f"http://127.0.0.1:{free_port()}"
    variables = {
        "CORS_ORIGINS": origin,
        "RATE_LIMIT_ENABLED": "false",  # all scenarios come from one address
        "YOUTUBE_ORIGIN": "http://127.0.0.1:9",
        "EXTRACTIVE_PACE_SECONDS": PACE_SECONDS,
        "REFRESH_GRACE_SECONDS": "0",  # a scenario ends a session by spending a token twice
    }
    brief = {"JWT_EXPIRY_HOURS": BRIEF_TOKEN_HOURS, "EXTRACTIVE_PACE_SECONDS": SLOW_PACE_SECONDS}
    operators = [Operator(folder=folder / name, variables=variables) for name in ("steady", "restarted")]
    operators.append(Operator(folder=folder / "brief", variables=variables | brief))
    await asyncio.to_thread(_prepare, operators)
    steady, restarted, brief_server = [RestartedServer(operator) for operator in operators]
    async with AsyncExitStack() as stack:
        for server in (steady, restarted, brief_server):
            stack.push_async_callback(server.stop)
        ports = await asyncio.gather(steady.start(), restarted.start(), brief_server.start())
        fragile_url, fragile = await stack.enter_async_context(proxy_to(ports[0]))
        restarted_url, restarted.proxy = await stack.enter_async_context(proxy_to(ports[1]))

        async def cut(_: Request) -> Response:
            fragile.cut()
            return Response()

        routes: list[BaseRoute] = [
            Route("/cut", cut, methods=["POST"]),
            Route("/restart", restarted.restart, methods=["POST"]),
            Route("/", _page),
            Mount("/", StaticFiles(directory=BUNDLES)),
        ]
        await stack.enter_async_context(_served(routes, origin))
        urls = {
            "url": f"http://127.0.0.1:{ports[0]}",
            "fragile": fragile_url,
            "restarted": restarted_url,
            "brief": f"http://127.0.0.1:{ports[2]}",
        }
        addresses = {name: f"{url}/graphql" for name, url in urls.items()} | {"control": origin}
        yield Stage(origin=origin, addresses=addresses)


async def _page(_: Request) -> Response:
    return HTMLResponse("<!doctype html><title>An app</title>")


def _prepare(operators: list[Operator]) -> None:
    """A migrated database with the samples for each."""
    first, *others = operators
    first.folder.mkdir()
    first.run("migrate")
    first.run("seed")
    for other in others:
        shutil.copytree(first.folder, other.folder)


@asynccontextmanager
async def _served(routes: list[BaseRoute], origin: str) -> AsyncGenerator[None]:
    app = Starlette(routes=routes, middleware=[Middleware(CORSMiddleware, allow_origins=[origin])])
    server = uvicorn.Server(uvicorn.Config(app, port=_port(origin), log_config=None, access_log=False, lifespan="off"))

    async def started() -> bool:
        return server.started or running.done()

    # Not a TaskGroup, which would wrap the failure of a test's own assertion.
    running = asyncio.create_task(server.serve())  # noqa: TID251  awaited below whatever happens
    try:
        await until(started)
        yield
    finally:
        server.should_exit = True
        await running


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port
