"""Signing a socket in: by the payload of connection_init, by the handshake's headers, and never by a bad token."""

import json
from collections.abc import Mapping

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from services.settings import Settings
from tests.accounts import REFRESH, REGISTER, VIEWER, register, sign_out, stored, succeeded, viewer
from tests.client import Client, Json, Socket, StreamRefused
from tests.forged_tokens import expired, forgeries
from tests.server import PASSWORD, Server, serving
from tests.settings import SECRET_KEY, settings_for

KEY = SECRET_KEY.encode()
FORBIDDEN = 4403
UNAUTHORIZED = 4401
GUEST = {"guestSessionId": "a guest"}
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


def connect(server: Server, headers: Mapping[str, str] | None = None) -> websockets.connect:
    return websockets.connect(
        server.url.replace("http://", "ws://") + "/graphql",
        additional_headers=headers,
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
    )


async def init(connection: ClientConnection, payload: object) -> Json:
    await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
    answer: Json = json.loads(await connection.recv())
    return answer


async def kind(server: Server, payload: object, headers: Mapping[str, str] | None = None) -> str:
    """Who the server takes one for on a socket opened like this."""
    async with connect(server, headers) as connection:
        assert await init(connection, payload) == {"type": "connection_ack"}
        found: str = (await ask(Socket(connection), VIEWER))["kind"]
        return found


async def ask(socket: Socket, query: str, **variables: object) -> Json:
    """The one root field of a query or mutation. Raises StreamRefused."""
    (found,) = [event async for event in socket.subscribe(query, **variables)]
    return found


def code_of(closed: websockets.ConnectionClosed) -> int:
    """The code that the server closed with."""
    assert closed.rcvd is not None
    return closed.rcvd.code


async def close_code(server: Server, payload: object, headers: Mapping[str, str] | None = None) -> int:
    """How the server ends a socket opened like this, before it says anything else."""
    async with connect(server, headers) as connection:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await init(connection, payload)
    return code_of(closed.value)


@pytest.mark.asyncio
async def test_credentials_are_taken_from_the_payload_or_the_handshake(server: Server) -> None:
    bearer = f"Bearer {(await server.user()).token}"
    spellings: dict[str, list[Json]] = {
        "USER": [
            {"authorization": bearer},
            {"Authorization": bearer},
            {"AUTHORIZATION": bearer, "guestSessionId": "x"},
        ],
        "GUEST": [{"guestSessionId": "x"}, {"X-Guest-Session-ID": "x"}, {"x-guest-session-id": "x"}],
        "ANONYMOUS": [{}, {"authorization": ""}, {"authorization": None, "guestSessionId": None}, {"other": {"a": []}}],
    }
    for expected, payloads in spellings.items():
        for payload in payloads:
            assert await kind(server, payload) == expected

    assert await kind(server, {}, {"Authorization": bearer}) == "USER"
    assert await kind(server, {}, {"X-Guest-Session-ID": "x"}) == "GUEST"
    # What the payload leaves out, or has no value for yet, the handshake may hold.
    assert await kind(server, {"authorization": bearer}, {"X-Guest-Session-ID": "x"}) == "USER"
    assert await kind(server, {"guestSessionId": "x"}, {"Authorization": bearer}) == "USER"
    assert await kind(server, {"authorization": None, "guestSessionId": ""}, {"Authorization": bearer}) == "USER"
    assert await kind(server, {"authorization": bearer}, {"Authorization": "Bearer garbage"}) == "USER"


@pytest.mark.asyncio
async def test_a_forged_token_closes_the_socket(server: Server) -> None:
    genuine = str((await server.user()).token)
    forged = forgeries(genuine, KEY) | {"expired": expired(genuine, KEY)}
    for flaw, token in forged.items():
        payload = {"authorization": f"Bearer {token}", "guestSessionId": "a guest"}
        assert await close_code(server, payload) == FORBIDDEN, flaw
    assert await kind(server, {"authorization": f"Bearer {genuine}"}) == "USER"


@pytest.mark.asyncio
async def test_a_bad_token_never_becomes_a_guest(server: Server) -> None:
    for value in (
        "garbage",
        "Bearer",
        "Bearer garbage",
        "Basic YTpi",
        "Bearer \ud800",
        "Bearer \x00",
        "Bearer schlüssel",
    ):
        assert await close_code(server, {**GUEST, "authorization": value}) == FORBIDDEN
    assert await close_code(server, GUEST, {"Authorization": "Bearer garbage"}) == FORBIDDEN
    assert await close_code(server, {}, {"Authorization": "Bearer garbage"}) == FORBIDDEN


@pytest.mark.asyncio
async def test_what_is_no_credential_closes_the_socket(server: Server) -> None:
    for value in (1, 0, True, False, 1.5, [], ["Bearer x"], {}, {"token": "x"}):
        assert await close_code(server, {"authorization": value}) == FORBIDDEN
        assert await close_code(server, {"guestSessionId": value}) == FORBIDDEN
    for guest_id in ("x" * 129, "a\nguest", "\x7f", "\x00", "\ud800", "café"):
        assert await close_code(server, {"guestSessionId": guest_id}) == FORBIDDEN


@pytest.mark.asyncio
async def test_nothing_is_answered_before_the_socket_is_signed_in(server: Server) -> None:
    async with connect(server) as connection:
        message = {"id": "1", "type": "subscribe", "payload": {"query": "{ server { version } }"}}
        await connection.send(json.dumps(message))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await connection.recv()
    assert code_of(closed.value) == UNAUTHORIZED


@pytest.mark.asyncio
async def test_a_session_that_has_ended_opens_no_socket(server: Server) -> None:
    tokens = succeeded(await register(server.nobody))["tokens"]
    bearer = f"Bearer {tokens['accessToken']}"
    assert await kind(server, {"authorization": bearer}) == "USER"
    await sign_out(Client(url=server.url, token=tokens["accessToken"]))
    for payload in ({"authorization": bearer}, {"authorization": bearer, **GUEST}):
        assert await close_code(server, payload) == FORBIDDEN


@pytest.mark.asyncio
async def test_signing_in_on_a_socket_is_throttled_too(settings: Settings) -> None:
    throttled = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="2/minute"
    )
    async with serving(throttled, work=False) as server, server.nobody.socket() as socket:
        made = await ask(socket, REGISTER, input={"email": "ada@example.com", "password": PASSWORD, "name": "Ada"})
        renewed = await ask(socket, REFRESH, input={"refreshToken": made["tokens"]["refreshToken"]})
        with pytest.raises(StreamRefused) as refused:
            await ask(socket, REGISTER, input={"email": "eve@example.com", "password": PASSWORD, "name": "Eve"})
        assert refused.value.code == "RATE_LIMITED"
        assert 1 <= refused.value.errors[0]["extensions"]["details"]["resetInSeconds"] <= 60

        # A socket stays who it was when it was opened; the tokens are for the next one.
        assert (await ask(socket, VIEWER))["kind"] == "ANONYMOUS"
        assert (await viewer(Client(url=server.url, token=renewed["tokens"]["accessToken"])))["kind"] == "USER"
        assert (await stored(server))["users"] == 1
