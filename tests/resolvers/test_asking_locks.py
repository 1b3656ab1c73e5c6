"""What is locked when somebody asks, retries or deletes, and in which order: nobody waits in a ring."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
from sqlalchemy import func, select

from db.models.tables import Conversation, QuotaCounter, SearchEntry, Task
from db.queries import deletion
from db.queries import wiz as queries
from services.settings import Settings
from services.wiz.replies import KIND
from tests.client import Client, Json
from tests.conditions import until
from tests.conversations import ask, converse, delete, follow, quota_used, retry, send, stop
from tests.doubles.scripted_model import ScriptedModel
from tests.resolvers.stored import row_id, user_id_of
from tests.resolvers.test_lock_order import is_waited_for
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

POSTGRES = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
CLAIM = "mutation Claim($id: String!) { guestConversationsClaim(input: {guestSessionId: $id}) { __typename } }"
Act = Callable[[Client, str, str], Coroutine[None, None, Json]]
ACTS: dict[str, Act] = {
    "send": lambda user, conversation, _reply: send(user, conversation),
    "retry": lambda user, _conversation, reply: retry(user, reply),
}


@POSTGRES
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_the_user_comes_before_their_quota_and_conversation(idle_server: Server, act: Act) -> None:
    """So that the deletion of an account, which holds the user, gets the others."""
    user = await idle_server.user()
    conversation = await converse(user)
    reply = await ask(user, conversation)
    await stop(user, reply)
    user_id, database = await user_id_of(user), idle_server.services.database
    async with asyncio.TaskGroup() as group:
        async with database.write() as tx:
            await tx.first(deletion.lock_user(user_id))
            acting = group.create_task(act(user, conversation, reply))
            await until(lambda: is_waited_for(database))
            for free, rows in ((select(QuotaCounter.used), 2), (select(Conversation.id), 1)):
                assert len(await tx.all(free.with_for_update(skip_locked=True))) == rows
            await tx.execute(deletion.delete_user(user_id))
        assert (await acting)["__typename"] == "NotFound"


@POSTGRES
async def test_a_task_comes_before_its_conversation(idle_server: Server) -> None:
    """A worker holds its task when it writes into the conversation, and a deletion waits for it with nothing in hand."""
    guest = idle_server.guest()
    conversation = await converse(guest)
    await ask(guest, conversation)
    database = idle_server.services.database
    async with asyncio.TaskGroup() as group:
        async with database.write() as tx:
            await tx.all(select(Task.id).where(Task.kind == KIND).with_for_update())
            deleting = group.create_task(delete(guest, conversation))
            await until(lambda: is_waited_for(database))
            for free, rows in ((select(QuotaCounter.used), 2), (select(Conversation.id), 1)):
                assert len(await tx.all(free.with_for_update(skip_locked=True))) == rows
        assert (await deleting)["__typename"] == "ConversationDeleteSuccess"


@POSTGRES
async def test_a_question_that_comes_while_it_is_deleted_is_deleted_too(idle_server: Server) -> None:
    """The deletion has seen its task nowhere, waits for the conversation, and begins again."""
    guest = idle_server.guest()
    conversation = await converse(guest)
    database = idle_server.services.database
    async with asyncio.TaskGroup() as group:
        async with database.write() as tx:
            owned = Conversation.id == row_id(conversation)
            await tx.all(queries.touch_conversation(owned, row_id(conversation)))
            sending = group.create_task(send(guest, conversation))
            await until(lambda: is_waited_for(database))
            deleting = group.create_task(delete(guest, conversation))
        assert (await deleting)["__typename"] == "ConversationDeleteSuccess"
        assert (await sending)["__typename"] in {"MessageSendSuccess", "NotFound"}
    async with database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(Task).where(Task.kind == KIND)) == 0
    assert await quota_used(guest) == 0


async def test_a_reply_that_ends_after_the_claim_is_found_by_the_user(settings: Settings) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel([gate, "High water."])) as server:
        guest, user = server.guest(), await server.user()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        await user.execute(CLAIM, id=guest.guest)
        gate.set()
        assert (await follow(user, reply)).text == "High water."
        owner = select(SearchEntry.user_id).where(SearchEntry.message_id == row_id(reply))
        async with server.services.database.read() as reader:
            assert await reader.all(owner) == [(await user_id_of(user),)]
