"""The ASGI application: everything that answers on a port."""

import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from schema.root import build_schema
from schema.routes.health import health_routes
from schema.routes.pages import graphiql_page, page_routes
from schema.transport.graphql_view import GraphQLView
from schema.transport.request_log import RequestLog
from services.container import Services, open_services
from services.llm.chat_model import ChatModel
from services.logging import configure_logging
from services.settings import Settings

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
            async with open_services(settings, work=work, model=model) as services:
                app.state.services = services
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

    schema = build_schema(introspection=settings.introspection)
    view = GraphQLView(schema, services, graphiql_page if settings.graphiql else None)
    app = Starlette(
        routes=[
            Route("/graphql", view, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", view),
            *health_routes(services),
            *page_routes(graphiql=settings.graphiql),
        ],
        middleware=[Middleware(RequestLog)],
        lifespan=lifespan,
    )
    return app


def create_web_app() -> Starlette:
    """A server that leaves the tasks to workers elsewhere."""
    return create_app(work=False)
