"""The ASGI application: everything that answers on a port."""

import gc
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute

from schema.execution.graphql_core import Engine, core_schema
from schema.root import build_schema
from schema.routes.avatars import avatar_routes
from schema.routes.health import health_routes
from schema.routes.media import media_routes
from schema.routes.notes import note_routes
from schema.routes.pages import graphiql_page, page_routes
from schema.routes.uploads import upload_routes
from schema.transport.contexts import Contexts
from schema.transport.documents import Documents
from schema.transport.http.transport import HttpTransport
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.middleware import middleware
from schema.transport.open_connections import OpenConnections
from schema.transport.persisted_queries import PersistedQueries
from schema.transport.pipeline import Pipeline
from schema.transport.refusals import refuse
from schema.transport.websocket.registry import Sockets
from schema.transport.websocket.transport import NoSocket, WebSocketTransport
from services.container import Services, open_services
from services.llm.chat_model import ChatModel
from services.logging import configure_logging
from services.settings import Settings
from services.supervision import supervised

logger = structlog.get_logger()


def create_app(settings: Settings | None = None, *, work: bool = True, model: ChatModel | None = None) -> Starlette:
    """With `work`, tasks are done in this process too. Settings come from the environment unless given.

    `model` takes the place of the one that the settings name.
    """
    settings = settings or Settings()
    configure_logging(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        is_up = False
        try:
            async with open_services(settings, work=work, model=model) as opened, supervised(sockets.run()):
                app.state.services = opened
                is_up = True
                yield
        except Exception:
            if is_up:
                # Without its event log or worker it would go on answering, and its streams would wait for ever.
                logger.critical("server.broken", exc_info=True)
                signal.raise_signal(signal.SIGTERM)
            raise

    def services() -> Services:
        opened: Services = app.state.services
        return opened

    pipeline = build_pipeline(settings)
    contexts = Contexts(services)
    connections = OpenConnections(services)
    sockets = Sockets(services, connections)
    http = HttpTransport(pipeline, contexts, services, connections, graphiql_page if settings.graphiql else None)
    app = Starlette(
        routes=[
            Route("/graphql", http),
            WebSocketRoute("/graphql", WebSocketTransport(pipeline, contexts, services, sockets)),
            WebSocketRoute("/{path:path}", NoSocket()),
            *health_routes(services),
            *avatar_routes(services),
            *media_routes(services),
            *note_routes(services),
            *upload_routes(services),
            *page_routes(graphiql=settings.graphiql),
        ],
        middleware=middleware(settings),
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
    # Made of the Host header, a redirect could lead anywhere, and a client would take its token along.
    app.router.redirect_slashes = False
    return app


def create_process_app() -> Starlette:
    """For a process that does nothing else."""
    return _settled(create_app())


def create_web_app() -> Starlette:
    """The same, but it leaves the tasks to workers elsewhere."""
    return _settled(create_app(work=False))


def _settled(app: Starlette) -> Starlette:
    """Tell the garbage collector that all which is loaded by now stays: walking it stops everything for 80 ms at a time."""
    gc.collect()
    gc.freeze()
    return app


def build_pipeline(settings: Settings) -> Pipeline:
    """Raises ValueError when there is no reading the trusted documents."""
    schema = build_schema()
    core = core_schema(schema)
    limits = OperationLimits(core, settings)
    documents = Documents(
        core,
        limits,
        most_characters=settings.query_max_characters,
        most_tokens=settings.query_max_tokens,
        introspection=settings.introspection,
        hide_suggestions=not settings.explores,
    )
    engine = Engine(schema, hide_suggestions=not settings.explores)
    return Pipeline(PersistedQueries(settings), documents, limits, engine, execution_seconds=settings.execution_seconds)
