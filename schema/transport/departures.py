"""How whoever waits learns that nobody waits for them any more: the client has gone, or the server shuts down."""

import asyncio

from starlette.types import Receive, Scope

from schema.transport.connections.protocols import SHUTDOWN


def shutdown_of(scope: Scope) -> asyncio.Event:
    """Set when the server begins to shut down; one that nobody sets, under a server that tells us nothing."""
    known: asyncio.Event | None = scope.get("extensions", {}).get(SHUTDOWN)
    return asyncio.Event() if known is None else known


async def gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
