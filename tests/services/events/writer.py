"""A program that publishes on a database from a process of its own: `python -m … URL TOPIC COUNT [hints URL]`."""

import asyncio
import sys

from services.events.hints import Hints
from services.events.local import LocalHints
from services.events.postgres import PostgresHints
from services.events.valkey import ValkeyHints
from tests.services.events.nodes import open_node

EACH = 5
"""Events in one transaction."""


def hints_of(url: str | None) -> Hints:
    match (url or "").partition(":")[0]:
        case "":
            return LocalHints()
        case "redis":
            return ValkeyHints(str(url))
        case _:
            return PostgresHints(str(url))


async def write(url: str, topic: str, count: int, hints_url: str | None) -> None:
    async with open_node(url, hints_of(hints_url)) as node:
        for start in range(0, count, EACH):
            await node.publish(topic, *(str(start + index) for index in range(EACH)))


if __name__ == "__main__":
    _, url, topic, count, *rest = sys.argv
    asyncio.run(write(url, topic, int(count), rest[0] if rest else None))
