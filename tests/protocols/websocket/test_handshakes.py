"""Opening a socket: the one subprotocol, and pages of other sites."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.settings import Settings
from tests.client import Json
from tests.protocols.websocket.sockets import INIT, closing, connected, told
from tests.protocols.websocket.stage import Stage, staged

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ACK: Json = {"type": "connection_ack"}


async def status(stage: Stage, *origins: str) -> int:
    """How a handshake with these origins is answered."""
    try:
        async with connected(stage.url, headers=[("Origin", origin) for origin in origins]) as connection:
            assert await told(connection, INIT) == ACK
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


@pytest.mark.parametrize(
    "protocols",
    [(), ("graphql-ws",), ("GRAPHQL-TRANSPORT-WS",), ("graphql-transport-ws2", "soap"), ("graphql",)],
)
async def test_another_subprotocol(stage: Stage, protocols: tuple[str, ...]) -> None:
    async with connected(stage.url, protocols=protocols) as connection:
        assert connection.subprotocol is None
        assert await closing(connection) == (4406, "Subprotocol not acceptable")
    await stage.until_alone()


async def test_nothing_is_taken_on_another_subprotocol(stage: Stage) -> None:
    async with connected(stage.url, protocols=("graphql-ws",)) as connection:
        with pytest.raises(ConnectionClosed):
            await told(connection, INIT)


@pytest.mark.parametrize("protocols", [("graphql-ws", "graphql-transport-ws"), ("graphql-transport-ws", "soap")])
async def test_ours_is_chosen_wherever_it_stands(stage: Stage, protocols: tuple[str, ...]) -> None:
    async with connected(stage.url, protocols=protocols) as connection:
        assert connection.subprotocol == "graphql-transport-ws"
        assert await told(connection, INIT) == ACK


async def test_pages_of_other_sites_are_refused(settings: Settings) -> None:
    own = settings.model_copy(update={"cors_origins": ("https://app.example",)})
    async with staged(own) as stage:
        host = stage.url.removeprefix("http://")
        for origin in (f"http://{host}", f"https://{host}", f"HTTP://{host}".lower(), "https://app.example"):
            assert await status(stage, origin) == 101, origin
        assert await status(stage) == 101
        for origin in (
            "https://evil.example",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example.evil.example",
            "https://app.example@evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            f"http://{host}.evil.example",
            f"http://evil.example/{host}",
            f"http://evil.example#{host}",
            f"file://{host}",
            "null",
            "",
            "x",
            "http://[",
            "https://app.example, https://evil.example",
        ):
            assert await status(stage, origin) == 403, origin
        assert await status(stage, "https://app.example", "https://evil.example") in {400, 403}
        await stage.until_alone()


async def test_every_origin_may_be_allowed(settings: Settings) -> None:
    async with staged(settings.model_copy(update={"cors_origins": ("*",)})) as stage:
        for origin in ("https://evil.example", "null"):
            assert await status(stage, origin) == 101
