"""Streams whose session ends have an end, too, at every process, though nothing happens on them."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import delete, update

from db import clock
from db.models.tables import Session, User
from services.settings import Settings
from tests.accounts import VIEWER, register, sign_out, succeeded
from tests.client import Client
from tests.conditions import until
from tests.protocols.streams.subscriber import FORMS, Answer, asked
from tests.server import Server, serving
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

IN_TIME_SECONDS = 5.0
"""After the event, by which the stream must have ended."""
ENDS = ("revoked", "over", "deleted")
WATCH = "subscription Watch($id: ID!) { videoReadiness(videoId: $id, timeoutSeconds: 300) { __typename } }"
UNREADY = """
mutation { conversationCreate(input: {video: {youtube: "unready-001"}}) {
  ... on ConversationCreateSuccess { conversation { video { id } } } } }
"""


async def unready_video(client: Client) -> str:
    """The id of one that nobody works on."""
    answer = await client.execute(UNREADY)
    found: str = answer.data["conversationCreate"]["conversation"]["video"]["id"]
    return found


async def end(ada: Client, server: Server, how: str) -> None:
    if how == "revoked":
        await sign_out(ada)
        return
    async with server.services.database.write() as tx:
        over = update(Session).where(Session.id == 1).values(expires_at=clock.now())
        await tx.execute(over if how == "over" else delete(User).where(User.email == "ada@example.com"))


async def end_of(answer: Answer) -> tuple[str, float]:
    """The reason that is told, and when; nothing else is."""
    payloads = [payload async for payload in answer.payloads()]
    assert answer.is_complete
    (payload,) = payloads
    (error,) = payload["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    return error["extensions"]["details"]["reason"], time.monotonic()


@pytest.mark.parametrize("how", ENDS)
async def test_streams_end_with_their_session_at_another_process(settings: Settings, how: str) -> None:
    async with serving(settings, work=False) as here, serving(settings, work=False) as there:
        tokens = succeeded(await register(here.nobody))["tokens"]
        ada, eve = Client(url=here.url, token=tokens["accessToken"]), await there.user()
        elsewhere = Client(url=there.url, token=ada.token)
        video = await unready_video(ada)
        async with AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(asked(elsewhere, form, WATCH, id=video)) for form in FORMS]
            others = await stack.enter_async_context(asked(eve, "sse", WATCH, id=video))
            for stream in (*streams, others):
                assert (await anext(stream.events()))["__typename"] == "VideoSnapshot"
            await end(ada, here, how)
            begun = time.monotonic()

            async def is_out() -> bool:
                return "errors" in (await elsewhere.execute(VIEWER)).body

            async with asyncio.TaskGroup() as group:
                endings = [group.create_task(end_of(stream)) for stream in streams]
                group.create_task(until(is_out, seconds=IN_TIME_SECONDS))
            for reason, at in (task.result() for task in endings):
                assert reason == "REVOKED"
                assert at < begun + IN_TIME_SECONDS
            assert not others.is_complete
            (still,) = there.services.readiness._log._feeds
            assert still


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_streams_that_wait_ask_the_database_together(settings: Settings) -> None:
    async with serving(settings, work=False) as server, AsyncExitStack() as stack:
        users = [await server.user() for _ in range(3)]
        video = await unready_video(users[0])
        for user in users:
            for form in FORMS:
                stream = await stack.enter_async_context(asked(user, form, WATCH, id=video))
                assert (await anext(stream.events()))["__typename"] == "VideoSnapshot"
        async with count_statements(server.services.database._engines) as statements:

            async def looked_thrice() -> bool:
                return len([text for text in statements if "sessions.id IN" in text]) >= 3

            await until(looked_thrice)
        assert [text for text in statements if "sessions.id = " in text] == []
