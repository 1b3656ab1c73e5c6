"""Pages of conversations and of their messages, where all are of one moment."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from db.models.tables import Conversation, Message
from schema.types.nodes import global_id
from tests.client import Client, Json
from tests.resolvers.stored import StoredVideo, store, store_conversations, user_id_of
from tests.server import Server

PAGE = "(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id } }"
LISTS = {
    "own": f"viewer {{ conversations{PAGE} }}",
    "of the user": f"viewer {{ user {{ conversations{PAGE} }} }}",
    "about a video": f"node(id: $id) {{ ... on Video {{ conversations{PAGE} }} }}",
    "messages": f"node(id: $id) {{ ... on Conversation {{ messages{PAGE} }} }}",
}


async def walk(client: Client, name: str, size: int, id_: str = "") -> list[str]:
    """The ids on all pages, one after the other."""
    document = f"query Walk($first: Int!, $after: String, $id: ID!) {{ {LISTS[name]} node(id: $id) {{ id }} }}"
    found: list[str] = []
    after: str | None = None
    while True:
        page: Json = (await client.execute(document, first=size, after=after, id=id_)).data
        while "nodes" not in page:
            page = next(iter(page.values()))
        found += [node["id"] for node in page["nodes"]]
        assert len(page["nodes"]) <= size
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.asyncio
async def test_pages_join_without_gap_or_repetition(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id = await user_id_of(user)
    videos = await store(idle_server, StoredVideo(), StoredVideo())
    made, said = await store_conversations(idle_server, user_id, videos, each=4, questions=3)
    other = await user_id_of(await idle_server.user())
    await store_conversations(idle_server, other, videos, each=2, questions=1)
    async with idle_server.services.database.write() as tx:
        for table in (Conversation, Message):
            await tx.execute(update(table).values(created_at=datetime(2026, 5, 1, tzinfo=UTC)))

    conversations = [global_id("Conversation", one) for one in made]
    messages = [global_id("Message", one) for one in said]
    for size in (1, 3, 8):
        assert await walk(user, "own", size) == conversations[::-1]
    assert await walk(user, "of the user", 3) == conversations[::-1]
    for video, about in ((videos[0], conversations[:4]), (videos[1], conversations[4:])):
        assert await walk(user, "about a video", 3, global_id("Video", video)) == about[::-1]
    for number, conversation in enumerate(conversations[:2]):
        assert await walk(user, "messages", 4, conversation) == messages[number * 6 : number * 6 + 6]
    assert await walk(idle_server.guest(), "own", 3) == []
