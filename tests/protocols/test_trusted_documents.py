"""With trusted documents nothing else is run, however it is asked for."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx2
import pytest
from graphql import get_introspection_query
from sqlalchemy import func, select

from db.models.tables import PersistedQuery, User
from schema.server import create_app
from services.identity.tokens import digest
from services.settings import Settings
from services.trusted_documents import UnusableDocuments
from tests.client import UNUSED_TLS, Answer, Client, StreamRefused
from tests.server import PASSWORD, REGISTER, Server, serving

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

TABS = Path(__file__).resolve().parents[2] / "clients" / "graphiql" / "src" / "tabs"
VERSION = "query Version { server { version } }"
READINESS = """
subscription Readiness($id: ID!) { videoReadiness(videoId: $id, timeoutSeconds: 1) { __typename } }
"""
TRUSTED = [VERSION, READINESS, REGISTER, *(tab.read_text(encoding="utf-8") for tab in sorted(TABS.glob("*.graphql")))]
REFUSED = ("Only trusted documents are run here.", "FORBIDDEN")


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({digest(text): text for text in TRUSTED}), encoding="utf-8")
    return settings.model_copy(update={"trusted_documents": file, "introspection_enabled": True})


def extensions(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


def forms(text: str) -> Iterator[dict[str, object]]:
    """By its hash, in full, and with both."""
    yield {"extensions": extensions(text)}
    yield {"query": text}
    yield {"query": text, "extensions": extensions(text)}


def refusal(answer: Answer) -> tuple[str, str]:
    assert "data" not in answer.body
    return answer.error["message"], answer.code


async def count(server: Server, table: type[PersistedQuery | User]) -> int:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.asyncio
async def test_documents_of_the_file_are_run_in_every_form(server: Server) -> None:
    for form in forms(VERSION):
        assert (await server.nobody.post(form)).data["server"]
    for number, form in enumerate(forms(REGISTER)):
        variables = {"email": f"{number}@example.com", "password": PASSWORD}
        assert (await server.nobody.post({**form, "variables": variables})).data["userRegister"]["tokens"]
    assert await count(server, User) == 3
    for text in TRUSTED:
        for form in forms(text):
            answer = await server.guest().post(form)
            assert "FORBIDDEN" not in str(answer.body), text
    async with server.guest().socket() as socket:
        with pytest.raises(StreamRefused) as absent:
            await anext(socket.subscribe(READINESS, id="nothing"))
        assert absent.value.code == "NOT_FOUND"
    assert await count(server, PersistedQuery) == 0


def untrusted() -> Iterator[str]:
    """1,000 texts that differ from a trusted one by little, or are not like any."""
    yield get_introspection_query()
    yield get_introspection_query(descriptions=False)
    for text, mark in product((VERSION, REGISTER, READINESS), (" ", "\n", "#", "\ufeff", ",", "\0", "\u00e9", "}")):
        yield text + mark
        yield mark + text
    for number in range(950):
        yield f"query Version {{ a{number}: server {{ version }} }}"


@pytest.mark.asyncio
async def test_a_thousand_other_operations_are_refused(server: Server) -> None:
    texts = list(untrusted())
    assert len({*texts, *TRUSTED}) == len(texts) + len(set(TRUSTED)) == 1_000 + len(set(TRUSTED))
    async with httpx2.AsyncClient(base_url=server.url, verify=UNUSED_TLS) as http:
        for number, text in enumerate(texts):
            form = list(forms(text))[number % 3]
            sent = {"Content-Type": "application/json"}
            response = await http.post("/graphql", content=json.dumps(form), headers=sent)
            answer = Answer(status=response.status_code, headers=response.headers, body=response.json())
            assert (answer.status, refusal(answer)) == (200, REFUSED)
    assert await count(server, PersistedQuery) == 0
    assert await count(server, User) == 0


@pytest.mark.asyncio
async def test_no_other_way_leads_around_the_file(server: Server, settings: Settings) -> None:
    other = "{ __typename }"
    nobody: Client = server.nobody
    # The hash of a trusted document does not carry another text.
    assert (await nobody.post({"query": other, "extensions": extensions(VERSION)})).code == "BAD_USER_INPUT"
    assert (await nobody.post({"query": VERSION, "extensions": extensions(other)})).code == "BAD_USER_INPUT"
    assert (await nobody.post({"extensions": {"persistedQuery": None}})).code == "FORBIDDEN"
    assert (await nobody.post({"query": ""})).code in {"FORBIDDEN", "BAD_USER_INPUT"}
    assert refusal(await nobody.post({"query": other + "\ud800"})) == REFUSED
    async with server.guest().socket() as socket:
        with pytest.raises(StreamRefused) as refused:
            await anext(socket.subscribe(other))
    assert refused.value.code == "FORBIDDEN"
    # What was registered while there was no such file is not run either.
    open_to_all = settings.model_copy(update={"trusted_documents": None})
    async with serving(open_to_all, work=False) as elsewhere:
        assert (await elsewhere.nobody.post({"query": other, "extensions": extensions(other)})).data
    assert refusal(await nobody.post({"extensions": extensions(other)})) == REFUSED


@pytest.mark.asyncio
async def test_no_server_starts_with_a_file_that_is_no_good(settings: Settings) -> None:
    file = settings.trusted_documents
    assert file is not None
    file.write_text(json.dumps({digest(VERSION): VERSION + " "}), encoding="utf-8")
    with pytest.raises(UnusableDocuments):
        create_app(settings)
