"""What a server says of itself without GraphQL: the front page, and whether it is well."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from db.engine import open_engines
from db.sessions import Sessions
from schema.routes.health import health_routes
from tests.protocols.http.exchanges import asking
from tests.protocols.small_server import application, given, small_server
from tests.server import Server

pytestmark = pytest.mark.asyncio


async def test_the_front_page_and_health_tell_how_it_is_and_which_version(url: str) -> None:
    async with asking(url) as http:
        front, health = await http.get("/"), await http.get("/health")
    for answer in (front, health):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json().keys() == {"message", "status", "version"}
        assert (answer.json()["status"], answer.json()["version"]) == ("ok", version("vidwiz"))
    assert "/graphql" in front.json()["message"]
    assert health.json()["message"] == "The server is running."


async def test_probes_tell_no_more_than_they_must(url: str) -> None:
    async with asking(url) as http:
        for path in ("/livez", "/readyz"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_without_its_database_it_lives_and_is_not_ready(server: Server, tmp_path: Path) -> None:
    engines = open_engines(f"sqlite:///{tmp_path}/nowhere/vidwiz.db")
    ill = replace(server.services, database=Sessions(engines, lambda _wakeups: None))
    async with small_server(application(*health_routes(lambda: ill)), given()) as small, asking(small.url) as http:
        live, ready, health = [await http.get(path) for path in ("/livez", "/readyz", "/health")]
    await engines.close()
    assert (live.status_code, ready.status_code, health.status_code) == (200, 503, 503)
    assert ready.json() == {"status": "unavailable"}
    assert health.json() == {
        "message": "The database does not answer.",
        "status": "unavailable",
        "version": version("vidwiz"),
    }
