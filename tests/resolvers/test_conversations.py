"""`conversationRename` and `conversationDelete`, and what is left of a conversation then: nothing."""

import asyncio

import pytest
from sqlalchemy import func, select

from db.models.tables import Base, Conversation, Message, SearchEntry, Task
from tests.client import Client, Json
from tests.conversations import (
    CREATE,
    DELETE,
    READ,
    RENAME,
    ask,
    converse,
    delete,
    messages,
    quota_used,
    rename,
    retry,
    send,
    stop,
    until_ended,
)
from tests.server import Server

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
GONE = {"__typename": "NotFound", "reason": "Conversation not found."}
LISTS = """
{ viewer { conversations { totalCount nodes { id title } } }
  video(by: {youtube: "sample-tide"}) { conversations { totalCount nodes { id } } } }
"""
OF_MESSAGES = """
query Of($id: ID!) {
  conversation(id: $id) { id messages { nodes { id conversation { id title video { youtubeId } } } } }
}
"""


async def callers(server: Server) -> list[Client]:
    return [server.guest(), await server.user()]


async def dump(server: Server) -> str:
    """Everything that is stored."""
    async with server.services.database.read() as reader:
        return repr([await reader.all(select(table)) for table in Base.metadata.sorted_tables])


async def left(server: Server) -> list[int]:
    """How many conversations, messages, texts to be found in them, and tasks there are."""
    found = SearchEntry.conversation_id.is_not(None)
    counts = [
        *(select(func.count()).select_from(table) for table in (Conversation, Message)),
        select(func.count()).select_from(SearchEntry).where(found),
        select(func.count()).select_from(Task),
    ]
    async with server.services.database.read() as reader:
        return [await reader.scalar(count) or 0 for count in counts]


async def indexed(server: Server) -> list[tuple[object, ...]]:
    """(kind, whether it is a user's, text) of what can be found in conversations."""
    statement = select(SearchEntry.kind, SearchEntry.user_id.is_not(None), SearchEntry.text)
    async with server.services.database.read() as reader:
        rows = await reader.all(statement.where(SearchEntry.conversation_id.is_not(None)).order_by(SearchEntry.id))
    return [tuple(row) for row in rows]


@ONE_ENGINE
async def test_a_bad_link_and_a_bad_title_are_told_at_once(idle_server: Server) -> None:
    before = await dump(idle_server)
    bad = {"video": {"youtube": "https://www.youtube.com/playlist?list=PL1"}, "title": "x" * 301}
    refused = (await idle_server.guest().execute(CREATE, input=bad)).data["conversationCreate"]
    assert [(problem["path"], problem["code"]) for problem in refused["problems"]] == [
        (["video", "youtube"], "PLAYLIST"),
        (["title"], "TOO_LONG"),
    ]
    assert await dump(idle_server) == before


async def test_a_conversation_is_renamed(idle_server: Server) -> None:
    for client in await callers(idle_server):
        conversation = await converse(client)
        before = (await client.execute(READ, id=conversation)).data["conversation"]
        assert before["title"] is None
        renamed = (await rename(client, conversation, "  Tides  "))["conversation"]
        assert (renamed["id"], renamed["title"]) == (conversation, "Tides")
        assert renamed["updatedAt"] > renamed["createdAt"]
        assert (await rename(client, conversation, "x" * 300))["conversation"]["title"] == "x" * 300
        assert (await client.execute(READ, id=conversation)).data["conversation"]["title"] == "x" * 300


@ONE_ENGINE
async def test_what_a_conversation_cannot_be_called(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest)
    before = await dump(idle_server)
    for title, code in (
        ("", "REQUIRED"),
        (" \n\u2003", "REQUIRED"),
        ("x" * 301, "TOO_LONG"),
        ("a\x00", "INVALID_CHARACTER"),
        ("\ud83d", "INVALID_CHARACTER"),
    ):
        refusal = await rename(guest, conversation, title)
        assert refusal["problems"] == [{"path": ["title"], "code": code}]
    assert (await guest.execute(RENAME, id=conversation, title=None)).code == "BAD_USER_INPUT"
    assert await dump(idle_server) == before


async def test_a_conversation_is_deleted_with_all_that_was_said(server: Server) -> None:
    for client in await callers(server):
        conversation, other = await converse(client), await converse(client)
        for one in (conversation, other):
            reply = await ask(client, one)
            await until_ended(client, one)
        await rename(client, conversation, "Tides")
        assert await delete(client, conversation) == {
            "__typename": "ConversationDeleteSuccess",
            "deletedId": conversation,
        }
        assert await quota_used(client) == 2, "it was answered, and counts"
        assert (await client.execute(READ, id=conversation)).data["conversation"] is None
        lists = (await client.execute(LISTS)).data
        assert lists["viewer"]["conversations"] == {"totalCount": 1, "nodes": [{"id": other, "title": None}]}
        assert lists["video"]["conversations"] == {"totalCount": 1, "nodes": [{"id": other}]}
        for again in (await delete(client, conversation), await rename(client, conversation, "x")):
            assert again == GONE
        assert await send(client, conversation) == GONE
        assert [one["id"] for one in await messages(client, other)][-1] == reply
        await delete(client, other)
    assert (await left(server))[:3] == [0, 0, 0]


async def test_nobody_renames_or_deletes_what_is_not_theirs(idle_server: Server) -> None:
    clients = [*await callers(idle_server), *await callers(idle_server)]
    owned = {client: await converse(client) for client in clients}
    replies = {client: await ask(client, conversation) for client, conversation in owned.items()}
    before = await dump(idle_server)
    for client in clients:
        for other, conversation in owned.items():
            if other is not client:
                assert await rename(client, conversation, "Mine") == GONE
                assert await delete(client, conversation) == GONE
        for odd in ("", "nonsense", replies[client], "Q29udmVyc2F0aW9uOjk5OTk5"):
            assert (await rename(client, odd, "x"))["__typename"] == "NotFound"
            assert (await delete(client, odd))["__typename"] == "NotFound"
    conversation = owned[clients[0]]
    for answer in (
        await idle_server.nobody.execute(RENAME, id=conversation, title="x"),
        await idle_server.nobody.execute(DELETE, id=conversation),
    ):
        assert answer.error["extensions"]["details"] == {"reason": "MISSING"}
    assert await dump(idle_server) == before


async def test_a_question_nobody_has_begun_to_answer_goes_uncounted(idle_server: Server) -> None:
    for client in await callers(idle_server):
        conversation = await converse(client)
        for _ in range(2):
            await ask(client, conversation)
        await stop(client, await ask(client, conversation))
        assert await quota_used(client) == 2
        await delete(client, conversation)
        assert await quota_used(client) == 0
    assert (await left(idle_server))[:3] == [0, 0, 0]


async def test_deleting_asking_and_asking_again_at_once(idle_server: Server) -> None:
    """Whatever comes first: nothing is left behind, and what was not answered is not counted."""
    user = await idle_server.user()
    conversation = await converse(user)
    reply = await ask(user, conversation)
    await stop(user, reply)
    acts = [
        *(send(user, conversation) for _ in range(6)),
        delete(user, conversation),
        *(retry(user, reply) for _ in range(4)),
        delete(user, conversation),
        *(rename(user, conversation, "x") for _ in range(2)),
    ]
    kinds = {answer["__typename"] for answer in await asyncio.gather(*acts)}
    assert kinds <= {
        "MessageSendSuccess",
        "ReplyRetrySuccess",
        "ConversationRenameSuccess",
        "ConversationDeleteSuccess",
        "NotFound",
    }
    assert await delete(user, conversation) == GONE
    assert (await left(idle_server))[:3] == [0, 0, 0]
    assert await quota_used(user) == 0


async def test_messages_lead_to_their_conversation(idle_server: Server) -> None:
    for client in await callers(idle_server):
        conversation = await converse(client)
        await rename(client, conversation, "Tides")
        await ask(client, conversation)
        found: Json = (await client.execute(OF_MESSAGES, id=conversation)).data["conversation"]
        leads = {"id": conversation, "title": "Tides", "video": {"youtubeId": "sample-tide"}}
        assert [message["conversation"] for message in found["messages"]["nodes"]] == [leads, leads]


async def test_what_can_be_found_by_the_search(server: Server) -> None:
    """The title as it is now, questions at once, and replies when they have ended: a guest's belong to nobody."""
    for client in await callers(server):
        is_users = client.token is not None
        titled = {"video": {"youtube": "sample-tide"}, "title": "First name"}
        created = await client.execute(CREATE, input=titled)
        conversation: str = created.data["conversationCreate"]["conversation"]["id"]
        assert await indexed(server) == [("CONVERSATION", is_users, "First name")]
        await rename(client, conversation, "Second name")
        title = ("CONVERSATION", is_users, "Second name")
        await ask(client, conversation, "What is a neap tide?")
        assert [title, ("MESSAGE", is_users, "What is a neap tide?")] == (await indexed(server))[:2]
        answer = await until_ended(client, conversation)
        assert await indexed(server) == [
            title,
            ("MESSAGE", is_users, "What is a neap tide?"),
            ("MESSAGE", is_users, answer["content"]),
        ]
        await delete(client, conversation)
        assert await indexed(server) == []
