"""Mutations have rates: by user, or by the address of guests, whatever they call themselves."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from services.settings import Settings
from tests.client import Answer, Client
from tests.server import Server, serving
from tests.settings import settings_for

ADD = 'mutation { videoAdd(input: {video: {youtube: "dQw4w9WgXcQ"}}) { __typename } }'
BEGIN = 'mutation { conversationCreate(input: {video: {youtube: "sample-tide"}}) { __typename } }'
NOTE = '%s: noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "1:05"}) { __typename }'
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def paced(settings: Settings) -> AsyncGenerator[Server]:
    changes = {"rate_limit_enabled": True, "rate_limit_default": "4/minute", "rate_limit_videos": "2/minute"}
    async with serving(settings_for(settings.database_url, settings.data_dir, **changes), work=False) as server:
        yield server


def outcome(answer: Answer) -> str:
    return answer.code if "errors" in answer.body else "DONE"


async def outcomes(client: Client, document: str, times: int) -> list[str]:
    return [outcome(await client.execute(document)) for _ in range(times)]


@pytest.mark.asyncio
async def test_each_mutation_counts_each_user_by_itself(paced: Server) -> None:
    ada, ben = await paced.user(), await paced.user()
    assert await outcomes(ada, ADD, 3) == ["DONE", "DONE", "RATE_LIMITED"]
    assert await outcomes(ada, BEGIN, 3) == ["DONE", "DONE", "RATE_LIMITED"]
    assert await outcomes(ada, f"mutation {{ {NOTE % 'note'} }}", 5) == ["DONE"] * 4 + ["RATE_LIMITED"]
    assert await outcomes(ben, ADD, 1) == ["DONE"]
    refused = await ada.execute(ADD)
    seconds = refused.error["extensions"]["details"]["resetInSeconds"]
    assert 1 <= seconds <= 60
    assert refused.headers["Retry-After"] == str(seconds)


@sqlite_alone
@pytest.mark.asyncio
async def test_a_guest_who_changes_the_id_is_counted_all_the_same(paced: Server) -> None:
    assert [outcome(await paced.guest().execute(BEGIN)) for _ in range(3)] == ["DONE"] * 2 + ["RATE_LIMITED"]


@pytest.mark.parametrize(
    ("document", "times"),
    [
        ("mutation { userExport { __typename } }", 3),
        ('mutation { avatarSet(input: {uploadId: "VXBsb2FkOjE="}) { __typename } }', 5),
    ],
)
@pytest.mark.asyncio
async def test_what_is_dear_has_a_rate_that_no_setting_raises(settings: Settings, document: str, times: int) -> None:
    changes = {"rate_limit_enabled": True, "rate_limit_default": "100/minute"}
    async with serving(settings_for(settings.database_url, settings.data_dir, **changes), work=False) as server:
        ada, ben = await server.user(), await server.user()
        assert await outcomes(ada, document, times + 1) == ["DONE"] * times + ["RATE_LIMITED"]
        assert await outcomes(ben, document, 1) == ["DONE"]


@sqlite_alone
@pytest.mark.asyncio
async def test_every_alias_counts(paced: Server) -> None:
    ada = await paced.user()
    notes = " ".join(NOTE % f"note{number}" for number in range(6))
    errors = (await ada.execute(f"mutation {{ {notes} }}")).body["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"RATE_LIMITED"}
    taken = await ada.execute("{ viewer { user { notes { totalCount } } } }")
    assert taken.data["viewer"]["user"]["notes"]["totalCount"] == 4


@sqlite_alone
@pytest.mark.asyncio
async def test_whoever_may_not_is_not_counted(paced: Server) -> None:
    assert await outcomes(paced.nobody, ADD, 6) == ["UNAUTHENTICATED"] * 6
    assert await outcomes(paced.guest(), ADD, 6) == ["UNAUTHENTICATED"] * 6


@pytest.mark.asyncio
async def test_servers_share_a_rate_exactly(paced: Server, settings: Settings) -> None:
    ada = await paced.user()
    changes = {"rate_limit_enabled": True, "rate_limit_videos": "2/minute", "db_pool_size": 10}
    async with serving(settings_for(settings.database_url, settings.data_dir, **changes), work=False) as another:
        clients = [ada, Client(url=another.url, token=ada.token)] * 10
        answers = await asyncio.gather(*(client.execute(BEGIN) for client in clients))
    assert sorted(map(outcome, answers)) == ["DONE"] * 2 + ["RATE_LIMITED"] * 18
