"""Keeps asking, while a stream runs, whether its caller may still have it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from schema.context import Context
from services.supervision import TICK, with_ticks

Item = TypeVar("Item")
Shown = TypeVar("Shown")

RECHECK_SECONDS = 2.0
"""With the pause between looks at the database (schema.transport.websocket.registry), less than five."""


async def watched(
    context: Context,
    stream: AsyncGenerator[Item],
    show: Callable[[Item], Shown],
    *,
    recheck_seconds: float = RECHECK_SECONDS,
) -> AsyncGenerator[Shown, None]:
    """The stream, each item as it is to be shown, until it ends or the caller's session does: then Unauthenticated is raised.

    The caller is looked at before each item and, when nothing comes, every few seconds.
    """
    async with aclosing(with_ticks(stream, recheck_seconds)) as beats:
        async for beat in beats:
            await context.services.viewers.ensure_active(context.viewer)
            if beat is not TICK:
                yield show(beat)
