"""Sockets whose session ends are closed with 4403, at this server and at every other one."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from schema.transport.websocket import registry
from services.settings import Settings
from tests.accounts import register, sign_out, succeeded
from tests.client import Client, Json
from tests.conditions import until
from tests.conversations import CREATE
from tests.protocols.websocket.sockets import (
    acknowledged,
    closing,
    connected,
    heard,
    is_well,
    send,
    subscribe,
    told,
)
from tests.server import serving
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

IN_TIME_SECONDS = 5.0
"""After the event, by which the socket must be closed."""
EXPIRED = (4403, "The access token has expired.")
REVOKED = (4403, "The session has ended. Sign in again.")
READINESS = "subscription ($id: ID!) { videoReadiness(videoId: $id, timeoutSeconds: 300) { __typename } }"


def credentials(client: Client) -> Json:
    return {"authorization": f"Bearer {client.token}"} if client.token else {"guestSessionId": client.guest}


async def unready_video(client: Client) -> str:
    """One that stays so where there is no worker."""
    answer = await client.execute(CREATE, input={"video": {"youtube": "unready-001"}})
    conversation = answer.data["conversationCreate"]["conversation"]["id"]
    found = await client.execute("query ($id: ID!) { conversation(id: $id) { video { id } } }", id=conversation)
    video: str = found.data["conversation"]["video"]["id"]
    return video


async def follow(connection: ClientConnection, video: str) -> None:
    """Until the first event, so that the stream has begun."""
    answer = await told(connection, subscribe("stream", READINESS, variables={"id": video}))
    assert answer["payload"]["data"]["videoReadiness"]["__typename"] == "VideoSnapshot"


async def end_of(connection: ClientConnection) -> tuple[tuple[int, str], float]:
    """How and when the server closes; it must not say anything before."""
    with pytest.raises(ConnectionClosed) as closed:
        pytest.fail(f"{await heard(connection)} was sent")
    assert closed.value.rcvd is not None
    return (closed.value.rcvd.code, closed.value.rcvd.reason), time.time()


async def test_a_token_that_expires(settings: Settings) -> None:
    briefly = settings.model_copy(update={"jwt_expiry_hours": 2.5 / 3600})
    async with serving(briefly, work=False) as server:
        guest = server.guest()
        tokens = succeeded(await register(server.nobody))["tokens"]
        ada = Client(url=server.url, token=tokens["accessToken"])
        video = await unready_video(ada)
        expires = time.time() + 2.5
        async with (
            acknowledged(server.url, credentials(ada)) as idle,
            acknowledged(server.url, credentials(ada)) as following,
            acknowledged(server.url, credentials(guest)) as bystander,
        ):
            await follow(following, video)
            async with asyncio.TaskGroup() as group:
                endings = [group.create_task(end_of(connection)) for connection in (idle, following)]
            for ending, at in (task.result() for task in endings):
                assert ending == EXPIRED
                assert at < expires + IN_TIME_SECONDS
            assert await is_well(bystander)

            async def nobody_follows() -> bool:
                return not server.services.readiness._log._feeds

            await until(nobody_follows)
        async with connected(server.url) as connection:
            await send(connection, {"type": "connection_init", "payload": credentials(ada)})
            assert await closing(connection) == EXPIRED


async def test_a_session_that_is_revoked_by_another_process(settings: Settings) -> None:
    async with serving(settings, work=False) as here, serving(settings, work=False) as there:
        tokens = succeeded(await register(here.nobody))["tokens"]
        ada, eve = Client(url=here.url, token=tokens["accessToken"]), await here.user()
        video = await unready_video(ada)
        async with (
            acknowledged(here.url, credentials(ada)) as idle,
            acknowledged(here.url, credentials(ada)) as following,
            acknowledged(there.url, credentials(ada)) as elsewhere,
            acknowledged(here.url, credentials(eve)) as bystander,
        ):
            await follow(following, video)
            await sign_out(Client(url=there.url, token=ada.token))
            revoked = time.time()
            async with asyncio.TaskGroup() as group:
                endings = [group.create_task(end_of(connection)) for connection in (idle, following, elsewhere)]
            for ending, at in (task.result() for task in endings):
                assert ending == REVOKED
                assert at < revoked + IN_TIME_SECONDS
            assert await is_well(bystander)


async def test_an_answer_that_tells_of_the_end_is_the_end(settings: Settings) -> None:
    """A client that asks sooner than anybody looked is not told, since its library could not sign in anew."""
    async with serving(settings, work=False) as server:
        for query in (
            "{ viewer { kind } }",
            'mutation { replyStop(input: {messageId: "x"}) { __typename } }',
            READINESS,
        ):
            email = f"{abs(hash(query))}@example.com"
            tokens = succeeded(await register(server.nobody, email))["tokens"]
            ada = Client(url=server.url, token=tokens["accessToken"])
            async with acknowledged(server.url, credentials(ada)) as connection:
                assert await is_well(connection)
                await sign_out(ada)
                await send(connection, subscribe("1", query, variables={"id": "x"}))
                ending, _ = await end_of(connection)
                assert ending == REVOKED


async def test_who_never_was_signed_in_is_told_so(settings: Settings) -> None:
    async with serving(settings, work=False) as server, acknowledged(server.url) as connection:
        answer = await told(connection, subscribe("1", "subscription { wizReply(messageId: 1) { __typename } }"))
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["details"] == {"reason": "MISSING"}
        assert await is_well(connection)


async def test_one_statement_for_all_sockets(settings: Settings) -> None:
    async with serving(settings, work=False) as server, AsyncExitStack() as stack:
        for _ in range(3):
            user = await server.user()
            for _ in range(4):
                await stack.enter_async_context(acknowledged(server.url, credentials(user)))
        async with count_statements(server.services.database._engines) as statements:
            asked: list[str] = []

            async def looked_twice() -> bool:
                asked[:] = [text for text in statements if "sessions.id IN" in text]
                return len(asked) >= 2

            begun = time.monotonic()
            await until(looked_twice)
        assert time.monotonic() - begun > registry.WATCH_SECONDS
        assert len(asked) == 2


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_database_that_is_away_for_a_while(settings: Settings) -> None:
    """Here it is out of connections. Sockets stay, and what ended meanwhile is found when it is back."""
    scarce = settings.model_copy(update={"db_pool_size": 2})
    async with serving(settings, work=False) as other, serving(scarce, work=False) as server:
        tokens = succeeded(await register(server.nobody))["tokens"]
        ada = Client(url=server.url, token=tokens["accessToken"])
        async with acknowledged(server.url, credentials(ada)) as connection:
            with capture_logs() as logs:
                async with server.services.database.read(), server.services.database.read():
                    await sign_out(Client(url=other.url, token=ada.token))

                    async def failed() -> bool:
                        return any(entry["event"] == "sockets.watch_failed" for entry in logs)

                    await until(failed, seconds=60)
                    assert (await told(connection, {"type": "ping"}))["type"] == "pong"
            assert (await end_of(connection))[0] == REVOKED


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_pings_are_answered_during_a_slow_sign_in(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"db_pool_size": 2}), work=False) as server:
        user = await server.user()
        server.services.viewers._sessions._active.clear()
        async with connected(server.url) as connection:
            async with server.services.database.read(), server.services.database.read():
                await send(connection, {"type": "connection_init", "payload": credentials(user)})
                for number in range(20):
                    assert await told(connection, {"type": "ping", "payload": {"n": number}}) == {
                        "type": "pong",
                        "payload": {"n": number},
                    }
            assert await heard(connection) == {"type": "connection_ack"}
            assert await is_well(connection)


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_sign_in_that_the_database_cannot_answer(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"db_pool_size": 2}), work=False) as server:
        user = await server.user()
        server.services.viewers._sessions._active.clear()
        async with (
            connected(server.url) as connection,
            server.services.database.read(),
            server.services.database.read(),
        ):
            await send(connection, {"type": "connection_init", "payload": credentials(user)})
            # The graphql-ws client comes back after this one.
            assert await closing(connection) == (1013, "Try again later")
        async with acknowledged(server.url, credentials(user)) as connection:
            assert await is_well(connection)
