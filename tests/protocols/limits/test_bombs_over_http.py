"""The bombs against the running server: refused with what was too much, before anything is read, while others go on."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence

import pytest
import pytest_asyncio

from services.settings import Settings
from tests.client import Answer, Client
from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.corpus import bombs
from tests.schema.shapes import faults_of_errors, faults_of_text
from tests.server import Server, serving
from tests.statements import count_statements

BATCH = 20
# How documents are refused has nothing to do with the engine.
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with serving(settings, work=False) as server:
        yield server


async def throw(client: Client, thrown: Sequence[Bomb], bystander: Client) -> list[tuple[Bomb, Answer]]:
    """Many at a time; somebody else asks along with each batch and after it."""
    answers: list[tuple[Bomb, Answer]] = []
    for start in range(0, len(thrown), BATCH):
        batch = thrown[start : start + BATCH]
        meanwhile, *found = await asyncio.gather(
            bystander.execute("{ server { version } }"), *(client.post(bomb.body) for bomb in batch)
        )
        after = await bystander.execute("{ server { version } }")
        assert meanwhile.data["server"]["version"] == after.data["server"]["version"]
        answers += zip(batch, found, strict=True)
    return answers


def faults(bomb: Bomb, answer: Answer) -> list[str]:
    found = list(faults_of_text(json.dumps(answer.body)))
    found += faults_of_errors(answer.body.get("errors", []), answer.headers["X-Request-ID"])
    if answer.status not in {200, 400}:
        found.append(f"status {answer.status}")
    return [f"{bomb.name}: {fault}" for fault in found]


@pytest.mark.asyncio
async def test_what_is_too_much_is_refused_before_anything_is_read(server: Server) -> None:
    thrown = [bomb for bomb in bombs() if bomb.limit is not None]
    assert len(thrown) >= 100
    async with count_statements(server.services.database._engines) as statements:
        answers = await throw(server.guest(), thrown, server.nobody)
    assert statements == []
    assert [fault for bomb, answer in answers for fault in faults(bomb, answer)] == []
    for bomb, answer in answers:
        assert (answer.code, "data" in answer.body) == ("QUERY_TOO_COMPLEX", False), (bomb.name, answer.body)
        details = answer.error["extensions"]["details"]
        assert details.keys() == {"limit", "value", "maximum"}
        assert details["limit"] == bomb.limit, (bomb.name, answer.body)
        assert details["value"] > details["maximum"]


@pytest.mark.asyncio
async def test_what_is_not_refused_by_a_limit_does_no_harm_either(server: Server) -> None:
    thrown = [bomb for bomb in bombs() if bomb.limit is None]
    for client in (server.guest(), await server.user()):
        answers = await throw(client, thrown, server.nobody)
        assert [fault for bomb, answer in answers for fault in faults(bomb, answer)] == []
