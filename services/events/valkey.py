"""Hints by publishing and subscribing on a Valkey or Redis server, for many processes or many commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from db.outbox import Wakeups
from services.events.messages import Messages
from services.events.pending import Pending
from services.events.reconnecting import ConnectionLost, keep_connected

ROUND_SECONDS = 0.025
"""At most one message in that time, whatever is published; the first of a burst goes at once."""
IDLE_SECONDS = 60.0
ANSWER_SECONDS = 5.0


class _Subscription(Protocol):
    """What is used of redis-py's."""

    def listen(self) -> AsyncIterator[Mapping[str, object]]: ...


class _Client(Protocol):
    def publish(self, channel: str, message: str) -> Awaitable[int]: ...


class ValkeyHints:
    def __init__(self, url: str, channel: str = "vidwiz:hints") -> None:
        """`channel`: one for each database; the number in the URL does not tell channels apart."""
        self._url = url
        self._channel = channel
        self._messages = Messages()
        self._pending = Pending()

    def publish(self, wakeups: Wakeups) -> None:
        self._pending.add(wakeups)

    async def run(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        await keep_connected("valkey", lambda: self._serve(on_hint, on_gap), (RedisError, OSError))

    async def _serve(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        # Retrying is ours: the client's own would subscribe again without a word, and hide the gap.
        client = redis.asyncio.from_url(  # pyright: ignore[reportUnknownMemberType]  its options are untyped
            self._url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=ANSWER_SECONDS,
            socket_timeout=None,  # or it would use asyncio.wait_for, which can swallow a cancellation before Python 3.12
            socket_keepalive=True,
        )
        subscription = client.pubsub()  # pyright: ignore[reportUnknownMemberType]  as above
        async with client, subscription, asyncio.TaskGroup() as group:
            await subscription.subscribe(self._channel)
            group.create_task(self._send(client))
            await self._listen(subscription, on_hint, on_gap)

    async def _listen(
        self, subscription: _Subscription, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]
    ) -> None:
        async for message in subscription.listen():
            content = message["data"]
            if message["type"] == "subscribe":
                on_gap()
            elif isinstance(content, bytes | str) and (wakeups := self._messages.decode(content)):
                on_hint(wakeups)
        raise ConnectionLost

    async def _send(self, client: _Client) -> None:
        while True:
            wakeups = await self._pending.take(IDLE_SECONDS)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    for text in self._messages.encode(wakeups):
                        await client.publish(self._channel, text)
            except BaseException:
                self._pending.add(wakeups)
                raise
            await asyncio.sleep(ROUND_SECONDS)
