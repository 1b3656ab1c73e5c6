"""The one place that starts tasks outside a TaskGroup's block, and sees them to their end."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from enum import Enum, auto
from typing import Literal, TypeVar

Item = TypeVar("Item")


class Beat(Enum):
    TICK = auto()


TICK: Literal[Beat.TICK] = Beat.TICK


@asynccontextmanager
async def supervised(*loops: Coroutine[object, object, None]) -> AsyncGenerator[None]:
    """Run endless loops beside the block. They are cancelled and awaited at its end; one that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def with_ticks(stream: AsyncGenerator[Item], seconds: float) -> AsyncGenerator[Item | Literal[Beat.TICK]]:
    """The stream's items, and a TICK whenever nothing has come for so long. Closes the stream at its end."""
    async with aclosing(stream):
        while True:
            # A task, since a timeout around the generator itself would end the generator.
            following = asyncio.create_task(_next(stream))  # noqa: TID251  awaited below whatever happens
            try:
                while not (await asyncio.wait({following}, timeout=seconds))[0]:
                    yield TICK
            finally:
                if not following.done():
                    following.cancel()
                    await asyncio.wait({following})
            found = following.result()
            if not found:
                return
            yield found[0]


async def read_aside(stream: AsyncGenerator[Item], seconds: float) -> AsyncGenerator[Item]:
    """The stream's items, read by a task that is cancelled when these are closed. Raises TimeoutError in a silence.

    For streams of libraries that know no other end: google-genai's goes on with its request when it is closed. So the task
    waits for nothing but the stream, and what it has read waits here.
    """
    read = asyncio.Queue[tuple[Item] | None]()

    async def read_on() -> None:
        try:
            async for item in stream:
                read.put_nowait((item,))
        finally:
            read.put_nowait(None)

    reading = asyncio.create_task(read_on())  # noqa: TID251  awaited below whatever happens
    try:
        while True:
            async with asyncio.timeout(seconds):
                found = await read.get()
            if found is None:
                await reading
                return
            yield found[0]
    finally:
        reading.cancel()
        await asyncio.wait({reading})
        if not reading.cancelled():
            reading.exception()  # which is then not reported as one that nobody saw


async def undisturbed(work: Coroutine[object, object, Item], undo: Callable[[Item], Awaitable[None]]) -> Item:
    """What comes of the work, which goes on to its end though we are cancelled: then what came of it is undone."""
    working = asyncio.create_task(work)  # noqa: TID251  awaited below whatever happens
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        if not working.cancelled() and working.exception() is None:
            await undo(working.result())
        raise


async def _next(stream: AsyncGenerator[Item]) -> tuple[Item] | tuple[()]:
    try:
        return (await anext(stream),)
    except StopAsyncIteration:
        return ()
