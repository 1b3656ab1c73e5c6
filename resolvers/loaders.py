"""Single things by id, gathered so that a list costs one statement."""

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from schema.context import Loaders
from schema.types.videos import Video
from schema.types.wiz import Conversation, Message
from services.container import Services
from services.errors import NotFound


def build_loaders(services: Services) -> Loaders:
    """Nothing is remembered between ticks: on a socket an answer of a minute ago would be stale."""

    async def videos(ids: list[int]) -> Sequence[Video | NotFound]:
        rows = await services.videos.by_ids(list(dict.fromkeys(ids)))
        found = {row.id: Video.from_row(row) for row in rows if row is not None}
        return [found.get(video_id) or NotFound("Video not found.") for video_id in ids]

    async def messages(ids: list[int]) -> list[Message | None]:
        rows = await services.wiz.messages_shown(list(dict.fromkeys(ids)))
        found = {row.id: Message.from_row(row) for row in rows if row is not None}
        return [found.get(message_id) for message_id in ids]

    async def conversations(ids: list[int]) -> Sequence[Conversation | NotFound]:
        rows = await services.wiz.conversations_shown(list(dict.fromkeys(ids)))
        found = {row.id: Conversation.from_row(row) for row in rows if row is not None}
        return [found.get(conversation_id) or NotFound("Conversation not found.") for conversation_id in ids]

    return Loaders(
        video_by_id=DataLoader(load_fn=videos, cache=False),
        message_by_id=DataLoader(load_fn=messages, cache=False),
        conversation_by_id=DataLoader(load_fn=conversations, cache=False),
    )
