"""Hints by LISTEN and NOTIFY, on one connection of their own: inside a writing transaction NOTIFY would make all commits queue."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from db.engine import normalise_url
from db.outbox import Wakeups
from services.events.messages import Messages
from services.events.pending import Pending
from services.events.reconnecting import keep_connected

CHANNEL = "vidwiz_hints"
ROUND_SECONDS = 0.025
"""At most one statement in that time, whatever is published; the first of a burst goes at once."""
HEARTBEAT_SECONDS = 15.0
ANSWER_SECONDS = 5.0

NOTIFY = "SELECT pg_notify($1, message) FROM unnest($2::text[]) AS message"
SETTINGS = {"application_name": "vidwiz hints", "statement_timeout": "5000"}
OUTAGES: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what it says when the server's farewell arrives at an awkward moment
    OSError,
)


class _Connection(Protocol):
    """What is used of asyncpg's."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def add_listener(self, channel: str, callback: Callable[[object, int, str, str], None]) -> None: ...
    def add_termination_listener(self, callback: Callable[[object], None]) -> None: ...
    def terminate(self) -> None: ...


class PostgresHints:
    def __init__(self, url: str) -> None:
        """The same URL as the database's. A pooler in between must keep sessions whole."""
        self._url = url
        self._messages = Messages()
        self._pending = Pending()

    def publish(self, wakeups: Wakeups) -> None:
        self._pending.add(wakeups)

    async def run(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        await keep_connected("postgres", lambda: self._serve(on_hint, on_gap), OUTAGES)

    async def _serve(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        def hear(_connection: object, _process: int, _channel: str, text: str) -> None:
            wakeups = self._messages.decode(text)
            if wakeups:
                on_hint(wakeups)

        connection = await _connect(self._url)
        try:
            connection.add_termination_listener(lambda _connection: self._pending.interrupt())
            await connection.add_listener(CHANNEL, hear)
            on_gap()
            while True:
                await self._send(connection)
        finally:
            connection.terminate()

    async def _send(self, connection: _Connection) -> None:
        """One round: what is pending, or a heartbeat, by which a dead line is noticed."""
        wakeups = await self._pending.take(HEARTBEAT_SECONDS)
        try:
            await connection.execute(NOTIFY, CHANNEL, list(self._messages.encode(wakeups)))
        except BaseException:
            self._pending.add(wakeups)
            raise
        await asyncio.sleep(ROUND_SECONDS)


async def _connect(url: str) -> _Connection:
    parsed = normalise_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)
    # These two are for SQLAlchemy, which takes them out of its own URLs as well.
    for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):
        options.pop(name, None)
    options.update(timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS, server_settings=SETTINGS)
    return await asyncpg.connect(**options)  # type: ignore[no-any-return]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
