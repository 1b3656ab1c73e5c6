"""What every resolver and subscription gets: who is calling, the services, and the batches of this operation."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from services.errors import Unauthenticated
from services.identity.devices import Device
from services.identity.viewers import Viewer

if TYPE_CHECKING:
    from schema.types.videos import Video
    from schema.types.wiz import Conversation, Message
    from services.container import Services

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class Batches:
    """Gathers the loads of one tick into one call each. Nothing is remembered, since a socket lives long."""

    _loaders: dict[Hashable, DataLoader[Any, Any]] = field(default_factory=dict[Hashable, DataLoader[Any, Any]])

    async def load(self, name: Hashable, load: Callable[[list[Key]], Awaitable[Sequence[Value]]], key: Key) -> Value:
        """What `load` answers for this key; loads of one name that are asked for together are made together."""

        async def load_and_forget(keys: list[Key]) -> Sequence[Value]:
            del self._loaders[name]
            return await load(keys)

        loader: DataLoader[Key, Value] | None = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = DataLoader(load_fn=load_and_forget, cache=False)
        return await loader.load(key)


@dataclass(slots=True, kw_only=True)
class Loaders:
    """Single things by id, gathered like batches. Made by resolvers.loaders.

    Nobody is asked whose they are: an id comes from a row that the caller was shown, and never from the caller.
    """

    video_by_id: "DataLoader[int, Video]"
    message_by_id: "DataLoader[int, Message | None]"
    conversation_by_id: "DataLoader[int, Conversation]"


@dataclass(slots=True, kw_only=True)
class Context:
    services: "Services"
    request_id: str
    device: Device
    """Where it comes from, for throttles, sessions and the audit log."""
    base_url: str
    """How the client reaches this server, without a slash at the end: links in answers begin with it."""
    identity: Viewer | Unauthenticated
    headers: dict[str, str]
    """Of the answer; on a socket nobody reads them."""
    loaders: Loaders
    batches: Batches = field(default_factory=Batches)
    shutdown: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server begins to shut down: what waits then comes to its end. On a socket it is cancelled instead."""
    if_unanswered: list[Callable[[], Awaitable[None]]] = field(default_factory=list[Callable[[], Awaitable[None]]])
    """What is to be done when the caller does not get the answer."""

    @property
    def viewer(self) -> Viewer:
        """Raises Unauthenticated when the credentials that were sent are no good."""
        if isinstance(self.identity, Unauthenticated):
            raise self.identity
        return self.identity


Info = strawberry.Info[Context, None]
