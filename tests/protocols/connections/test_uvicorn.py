"""The insides of uvicorn that our connections lean on are there, and mean what they take them for."""

import asyncio
import inspect
import pickle
from collections.abc import Callable
from typing import cast

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from schema.transport.connections.options import server_options
from schema.transport.connections.protocols import Deadlines, HttpConnection
from schema.transport.connections.websocket import WebSocketConnection
from tests.protocols.small_server import application, given

OURS = {"end"}
USED = {
    HttpToolsProtocol: {"cycle", "headers", "loop", "scope", "server_state", "transport", "url"},
    WebSocketsSansIOProtocol: {
        "close_sent",
        "close_timeout",
        "conn",
        "default_headers",
        "frames",
        "handshake_complete",
        "handshake_initiated",
        "loop",
        "transport",
        "writable",
    },
    RequestResponseCycle: {"response_complete", "transport"},
}


@pytest.mark.parametrize(
    ("ours", "theirs"), [(HttpConnection, HttpToolsProtocol), (WebSocketConnection, WebSocketsSansIOProtocol)]
)
def test_every_method_takes_the_place_of_one(ours: type, theirs: type) -> None:
    replaced = {name for name, _ in inspect.getmembers(ours, inspect.isfunction) if name in vars(ours)}
    public = {name for name in replaced if not name.startswith("_")} - OURS
    assert public
    assert public - set(vars(theirs)) == set()
    for name in public:
        assert list(inspect.signature(getattr(ours, name)).parameters) == list(
            inspect.signature(getattr(theirs, name)).parameters
        ), name


@pytest.mark.parametrize("theirs", USED)
def test_the_names_in_use_are_set(theirs: type) -> None:
    source = inspect.getsource(theirs)
    assert {
        name for name in USED[theirs] if f"self.{name} = " not in source and f"self.{name}: " not in source
    } == set()


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_uvicorn_takes_our_connections() -> None:
    config = uvicorn.Config(application(), **server_options(given(receive_seconds=7, send_stall_seconds=9)))
    config.load()
    assert config.ws_protocol_class is not None
    for takes_place in (config.http_protocol_class, config.ws_protocol_class):
        make = cast("Callable[..., asyncio.Protocol]", takes_place)  # they only go by the name of classes
        connection = make(config=config, server_state=ServerState(), app_state={})
        assert isinstance(connection, HttpConnection | WebSocketConnection)
        assert (connection._deadlines.receive_seconds, connection._deadlines.send_stall_seconds) == (7, 9)


def test_the_options_reach_other_processes() -> None:
    options = server_options(given(receive_seconds=7))
    copy = pickle.loads(pickle.dumps(options))  # noqa: S301  our own
    assert copy["http"].func is HttpConnection
    assert copy["ws"].func is WebSocketConnection
    assert copy["http"].keywords == {"deadlines": Deadlines(receive_seconds=7, send_stall_seconds=30)}
