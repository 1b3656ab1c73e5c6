"""A server with a schema for nothing but live operations: they do what a test wants, and are counted."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from schema.execution.graphql_core import Engine, core_schema
from schema.transport.connections.options import server_options
from schema.transport.contexts import Contexts
from schema.transport.documents import Documents
from schema.transport.http.transport import HttpTransport
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.middleware import middleware
from schema.transport.open_connections import OpenConnections
from schema.transport.persisted_queries import PersistedQueries
from schema.transport.pipeline import Pipeline
from schema.transport.websocket.registry import Sockets
from schema.transport.websocket.transport import WebSocketTransport
from services.container import Services, open_services
from services.settings import Settings
from services.supervision import supervised
from tests.conditions import until
from tests.servers.ports import free_port

SECRET = "the secret of the house"


@dataclass(slots=True, kw_only=True)
class Stage:
    running: int = 0
    """Resolvers and generators that have begun and not come to their end."""
    made: int = 0
    """Events that the generators have made."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Opens what waits."""
    url: str = ""
    connections: OpenConnections = field(init=False)
    sockets: Sockets = field(init=False)
    server: uvicorn.Server = field(init=False)

    async def until_running(self, count: int) -> None:
        async def runs() -> bool:
            return self.running == count

        await until(runs)

    async def until_alone(self) -> None:
        """No socket or stream is counted, and nothing runs."""

        async def is_alone() -> bool:
            return self.connections.count == self.running == 0

        await until(is_alone)

    @asynccontextmanager
    async def counted(self) -> AsyncGenerator[None]:
        self.running += 1
        try:
            yield
        finally:
            # Later than the cancellation, as what has to be undone over the network is.
            await asyncio.sleep(0)
            self.running -= 1


def schema_of(stage: Stage) -> strawberry.Schema:
    @strawberry.type
    class Query:
        @strawberry.field
        async def extensions(self, info: strawberry.Info) -> str:
            return json.dumps(info.input_extensions)

        @strawberry.field
        async def waiting(self) -> str:
            async with stage.counted():
                await stage.gate.wait()
            return "done"

        @strawberry.field
        async def broken(self) -> str:
            raise RuntimeError(SECRET)

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def waiting(self) -> str:
            async with stage.counted():
                await stage.gate.wait()
            return "done"

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def numbers(self, to: int, text: str = "") -> AsyncGenerator[str, None]:
            async with stage.counted():
                for number in range(to):
                    stage.made += 1
                    yield f"{number}{text}"

        @strawberry.subscription
        async def endless(self) -> AsyncGenerator[str, None]:
            """One event, and then nothing until the gate opens."""
            async with stage.counted():
                yield "begun"
                await stage.gate.wait()
                yield "opened"

        @strawberry.subscription
        async def failing(self) -> AsyncGenerator[str, None]:
            async with stage.counted():
                yield "begun"
                raise RuntimeError(SECRET)

    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)


def pipeline_of(schema: strawberry.Schema, settings: Settings) -> Pipeline:
    core = core_schema(schema)
    limits = OperationLimits(core, settings)
    documents = Documents(
        core,
        limits,
        most_characters=settings.query_max_characters,
        most_tokens=settings.query_max_tokens,
        introspection=True,
        hide_suggestions=False,
    )
    engine = Engine(schema, hide_suggestions=False)
    return Pipeline(PersistedQueries(settings), documents, limits, engine, execution_seconds=settings.execution_seconds)


@asynccontextmanager
async def staged(settings: Settings) -> AsyncGenerator[Stage]:
    stage = Stage()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with open_services(settings, work=False) as opened, supervised(stage.sockets.run()):
            app.state.services = opened
            yield

    def services() -> Services:
        opened: Services = app.state.services
        return opened

    stage.connections = OpenConnections(services)
    stage.sockets = Sockets(services, stage.connections)
    pipeline = pipeline_of(schema_of(stage), settings)
    contexts = Contexts(services)
    app = Starlette(
        routes=[
            Route("/graphql", HttpTransport(pipeline, contexts, services, stage.connections, None)),
            WebSocketRoute("/graphql", WebSocketTransport(pipeline, contexts, services, stage.sockets)),
        ],
        middleware=middleware(settings),
        lifespan=lifespan,
    )
    port = free_port()
    stage.url = f"http://127.0.0.1:{port}"
    stage.server = uvicorn.Server(uvicorn.Config(app, port=port, **server_options(settings)))

    async def started() -> bool:
        return stage.server.started or running.done()

    running = asyncio.create_task(stage.server.serve())  # noqa: TID251  awaited below whatever happens
    try:
        await until(started)
        yield stage
    finally:
        stage.server.should_exit = True
        await running
