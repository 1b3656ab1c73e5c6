"""How uvicorn runs the application; the tests run it the same way."""

import asyncio
import math
from functools import partial
from typing import Literal, TypedDict, cast

from schema.transport.connections.frame_rate import frames_for
from schema.transport.connections.protocols import Deadlines, HttpConnection
from schema.transport.connections.websocket import WebSocketConnection
from services.settings import Settings

LARGEST_FRAME_BYTES = 64 * 1024
PONG_SECONDS = 10.0
IDLE_SECONDS = 5
"""Between two requests on one connection."""


class ServerOptions(TypedDict):
    """Named as uvicorn names them."""

    http: type[asyncio.Protocol]
    ws: type[asyncio.Protocol]
    ws_max_size: int
    ws_per_message_deflate: bool
    ws_ping_interval: float
    ws_ping_timeout: float
    timeout_keep_alive: int
    lifespan: Literal["on"]
    timeout_graceful_shutdown: int
    log_config: None
    access_log: bool
    server_header: bool
    proxy_headers: bool


def server_options(settings: Settings) -> ServerOptions:
    deadlines = Deadlines(receive_seconds=settings.receive_seconds, send_stall_seconds=settings.send_stall_seconds)
    frames = frames_for(settings.socket_messages)
    return ServerOptions(
        # uvicorn asks for classes and only calls them. Unlike a class made here, a partial goes to other processes.
        http=cast("type[asyncio.Protocol]", partial(HttpConnection, deadlines=deadlines)),
        ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, deadlines=deadlines, frames=frames)),
        ws_max_size=LARGEST_FRAME_BYTES,
        # It costs memory on every socket, and time on every message of a streamed reply.
        ws_per_message_deflate=False,
        ws_ping_interval=settings.socket_ping_seconds,
        ws_ping_timeout=PONG_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        lifespan="on",
        timeout_graceful_shutdown=math.ceil(settings.shutdown_seconds),
        log_config=None,
        access_log=False,
        server_header=False,
        # Who the client is decides the throttle, and only the operator knows which proxies to believe.
        proxy_headers=False,
    )
