"""Where people may look around and where they may not; the page they get, and the operations that it opens with."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from graphql import build_schema, parse, validate
from graphql.language import OperationDefinitionNode

from services.settings import Settings
from tests.client import Answer
from tests.schema.sdl import served_sdl
from tests.schema.shapes import faults_of_errors
from tests.server import serving
from tests.settings import settings_for

TABS = sorted((Path(__file__).parents[2] / "clients" / "graphiql" / "src" / "tabs").glob("*.graphql"))
FROM_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MISSPELT = [
    "{ vewer { kind } }",
    "{ viewer { knd } }",
    '{ video(by: {id: "x"}, bye: 1) { id } }',
    '{ video(by: {idd: "x"}) { id } }',
    '{ node(id: "x") { ... on Vide { id } } }',
    "{ viewer { user { videos(filter: {relation: NOTE}) { totalCount } } } }",
    '{ viewer { user { videos(filter: {relation: "NOTED"}) { totalCount } } } }',
]
INTROSPECTION = "{ __schema { types { name } } }"


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> object:
    """One engine: nothing here reaches a database."""
    return request.getfixturevalue("sqlite_databases")


async def looked_around(settings: Settings) -> tuple[int, int, Answer]:
    """The status of the page and of one of its files, and the answer to an introspection."""
    async with serving(settings, work=False) as server, httpx2.AsyncClient(base_url=server.url) as http:
        page = await http.get("/graphql", headers=FROM_A_BROWSER)
        file = await http.get("/static/graphiql/index.html")
        return page.status_code, file.status_code, await server.nobody.execute(INTROSPECTION)


@pytest.mark.parametrize(
    ("changes", "has_page", "has_introspection"),
    [
        ({"environment": "local"}, True, True),
        ({"environment": "test"}, True, True),
        ({"environment": "staging"}, True, True),
        ({"environment": "production"}, False, False),
        ({"environment": "production", "graphiql_enabled": True}, True, False),
        ({"environment": "production", "introspection_enabled": True}, False, True),
        ({"environment": "local", "graphiql_enabled": False}, False, True),
        ({"environment": "local", "introspection_enabled": False}, True, False),
    ],
)
@pytest.mark.asyncio
async def test_one_may_look_around_but_not_in_production_unless_told(
    database_url: str, tmp_path: Path, *, changes: Mapping[str, object], has_page: bool, has_introspection: bool
) -> None:
    page, file, answer = await looked_around(settings_for(database_url, tmp_path, **changes))
    assert (page, file) == ((200, 200) if has_page else (404, 404))
    if has_introspection:
        assert {"name": "Video"} in answer.data["__schema"]["types"]
    else:
        assert "data" not in answer.body
        assert list(faults_of_errors(answer.body["errors"], answer.headers["X-Request-ID"])) == []


@pytest.mark.parametrize(("environment", "is_helped"), [("local", True), ("production", False)])
@pytest.mark.asyncio
async def test_what_a_field_may_be_called_is_not_told_in_production(
    database_url: str, tmp_path: Path, *, environment: str, is_helped: bool
) -> None:
    async with serving(settings_for(database_url, tmp_path, environment=environment), work=False) as server:
        for query in MISSPELT:
            errors = (await server.nobody.execute(query)).body["errors"]
            assert any("Did you mean" in error["message"] for error in errors) is is_helped, errors


@pytest.mark.asyncio
async def test_the_page_and_all_its_files_come_from_here_and_say_so(settings: Settings) -> None:
    async with serving(settings, work=False) as server, httpx2.AsyncClient(base_url=server.url) as http:
        page = await http.get("/graphql", headers=FROM_A_BROWSER)
        files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(files) >= 3
        for path in files:
            file = await http.get(path)
            assert (file.status_code, bool(file.content)) == (200, True), path
            assert policy_of(file) == policy_of(page), path
            assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert file.headers["X-Content-Type-Options"] == "nosniff"
    policy = policy_of(page)
    assert page.headers["Cache-Control"] == "no-cache"
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == ["'self'"]
    assert {source for sources in policy.values() for source in sources} <= {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "data:",
    }


def policy_of(answer: httpx2.Response) -> dict[str, list[str]]:
    directives = [directive.split() for directive in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize(
    "path", ["../../root.py", "..%2f..%2froot.py", "%2e%2e/%2e%2e/root.py", "assets/../../../root.py", "assets"]
)
@pytest.mark.asyncio
async def test_nothing_beside_the_pages_files_is_served(settings: Settings, path: str) -> None:
    async with serving(settings, work=False) as server, httpx2.AsyncClient(base_url=server.url) as http:
        assert (await http.get(f"/static/graphiql/{path}")).status_code == 404


def test_the_page_has_tabs() -> None:
    assert len(TABS) >= 5


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.stem)
def test_the_operations_of_a_tab_are_good(tab: Path) -> None:
    document = parse(tab.read_text(encoding="utf-8"))
    assert validate(build_schema(served_sdl()), document) == []
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    names = [operation.name.value for operation in operations if operation.name]
    assert len(names) == len(operations) == len(set(names))
    variables = tab.with_suffix(".json")
    given: dict[str, object] = json.loads(variables.read_text(encoding="utf-8")) if variables.exists() else {}
    wanted = {one.variable.name.value for operation in operations for one in operation.variable_definitions or ()}
    assert given.keys() == wanted
