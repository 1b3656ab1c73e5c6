"""The audit log: operators read it, nobody else does, and what operators do is in it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import AuditEvent
from db.queries import audit as queries
from services import audit
from services.audit import AuditKind
from services.settings import Settings
from tests.accounts import viewer
from tests.client import Client, Json
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

ADMIN_TOKEN = "an admin token that is only for tests"
PREVIOUS = "the admin token before that one, for tests"
EVENTS = """
query Events($filter: AuditEventFilter, $first: Int! = 50, $after: String) {
  auditEvents(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { kind userId address details createdAt }
  }
}
"""
ACTED = {"kind": "ADMIN_ACTED", "userId": None, "details": {"field": "Query.auditEvents"}}
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def guarded(settings: Settings) -> AsyncGenerator[Server]:
    """A server that knows an admin token and the one before it."""
    changes = {"admin_token": SecretStr(ADMIN_TOKEN), "admin_token_previous": SecretStr(PREVIOUS)}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        yield server


def operator(server: Server, token: str = ADMIN_TOKEN) -> Client:
    return Client(url=server.url, token=token)


async def events(server: Server, filter: Json | None = None, **variables: object) -> Json:
    answer = await operator(server).execute(EVENTS, filter=filter, **variables)
    found: Json = answer.data["auditEvents"]
    return found


async def kinds(server: Server, **filter: object) -> list[str]:
    return [one["kind"] for one in (await events(server, filter))["nodes"]]


async def user_id(client: Client) -> str:
    found: str = (await viewer(client))["user"]["id"]
    return found


async def make_and_revoke(user: Client) -> None:
    for mutation in ("apiTokenCreate", "apiTokenRevoke"):
        assert (await user.execute(f"mutation {{ {mutation} {{ __typename }} }}")).data


TOKENS = ["API_TOKEN_CREATED", "API_TOKEN_REVOKED"]


async def count(server: Server) -> int:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(AuditEvent)) or 0


async def test_operators_read_what_happened_the_newest_first(guarded: Server) -> None:
    user = await guarded.user()
    await make_and_revoke(user)
    found = await events(guarded, {"kinds": TOKENS})
    assert [one["kind"] for one in found["nodes"]] == ["API_TOKEN_REVOKED", "API_TOKEN_CREATED"]
    for one in found["nodes"]:
        assert one["userId"] == await user_id(user)
        assert one["address"] == "127.0.0.1"
        assert one["details"] == {}
        assert abs(datetime.fromisoformat(one["createdAt"]) - datetime.now(UTC)) < timedelta(minutes=5)


async def test_asking_is_put_down_itself(guarded: Server) -> None:
    for _ in range(2):
        await events(guarded)
    found = await events(guarded, {"kinds": ["ADMIN_ACTED"]})
    assert found["totalCount"] == 3
    newest: Json = found["nodes"][0]
    assert {key: newest[key] for key in ACTED} == ACTED
    assert newest["address"] == "127.0.0.1"
    # Once for each use, also where one operation has several. One that fails ends the others of its operation,
    # perhaps before they have begun: it stands alone here.
    await operator(guarded).execute("{ one: auditEvents { totalCount } two: auditEvents(first: 1) { totalCount } }")
    await operator(guarded).execute("{ auditEvents(first: 99) { totalCount } }")
    assert (await events(guarded, {"kinds": ["ADMIN_ACTED"]}))["totalCount"] == 7


async def test_filters_hold_together(guarded: Server) -> None:
    ada, ben = await guarded.user(), await guarded.user()
    for user in (ada, ben):
        await make_and_revoke(user)
    assert await kinds(guarded, userId=await user_id(ada), kinds=TOKENS) == TOKENS[::-1]
    assert await kinds(guarded, kinds=["API_TOKEN_REVOKED"]) == ["API_TOKEN_REVOKED"] * 2
    assert await kinds(guarded, kinds=[]) == []
    assert await kinds(guarded, kinds=["API_TOKEN_REVOKED"] * 1_000) == ["API_TOKEN_REVOKED"] * 2
    for nobody in ("", "nonsense", "\0", "VXNlcjo5OTk5OTk", "Tm90ZTox"):
        assert await kinds(guarded, userId=nobody) == []


async def test_a_stretch_of_time_begins_with_its_first_moment_and_ends_before_its_last(guarded: Server) -> None:
    await make_and_revoke(await guarded.user())
    revoked, created = (await events(guarded, {"kinds": TOKENS}))["nodes"]
    at_first, at_last = created["createdAt"], revoked["createdAt"]
    assert await kinds(guarded, kinds=TOKENS, since=at_first) == TOKENS[::-1]
    assert await kinds(guarded, kinds=TOKENS, since=at_last) == TOKENS[1:]
    assert await kinds(guarded, kinds=TOKENS, since=at_first, until=at_last) == TOKENS[:1]
    assert await kinds(guarded, kinds=TOKENS, until=at_first) == []
    # Wherever the clock hangs that it was read from.
    elsewhere = datetime.fromisoformat(at_last).astimezone(datetime.fromisoformat("2026-01-01T00:00:00+05:45").tzinfo)
    assert await kinds(guarded, kinds=TOKENS, since=elsewhere.isoformat()) == TOKENS[1:]
    assert (
        await kinds(guarded, kinds=TOKENS, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z") == TOKENS[::-1]
    )


async def test_a_moment_needs_an_offset(guarded: Server) -> None:
    for name in ("since", "until"):
        for wrong in ("2026-11-21T05:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
            answer = await operator(guarded).execute(EVENTS, filter={name: wrong})
            assert answer.code == "BAD_USER_INPUT", wrong
            (problem,) = answer.error["extensions"]["details"]["problems"]
            assert (problem["path"], problem["code"]) == (["filter", name], "INVALID_FORMAT")


async def test_pages_follow_each_other(guarded: Server) -> None:
    async with guarded.services.database.write() as tx:
        for number in range(25):
            await audit.record(tx, AuditKind.SIGNED_IN, address=f"192.0.2.{number}")
        # All of one moment, so that the id alone tells them apart.
        await tx.execute(update(AuditEvent).where(AuditEvent.kind == "SIGNED_IN").values(created_at=clock.now()))
        moment = await tx.scalar(select(func.max(AuditEvent.created_at)))
        await tx.execute(update(AuditEvent).where(AuditEvent.kind == "SIGNED_IN").values(created_at=moment))
    after, addresses = None, list[str]()
    for size in (10, 10, 5):
        page = await events(guarded, {"kinds": ["SIGNED_IN"]}, first=10, after=after)
        assert (len(page["nodes"]), page["totalCount"]) == (size, 25)
        addresses += [one["address"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert addresses == [f"192.0.2.{number}" for number in reversed(range(25))]
    assert not page["pageInfo"]["hasNextPage"]


async def test_nobody_else_reads_it(guarded: Server) -> None:
    user = await guarded.user()
    token = (await user.execute("mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }")).data
    program = Client(url=guarded.url, token=token["apiTokenCreate"]["token"])
    before = await count(guarded)
    for caller, code in (
        (guarded.nobody, "UNAUTHENTICATED"),
        (guarded.guest(), "UNAUTHENTICATED"),
        (user, "FORBIDDEN"),
        (program, "FORBIDDEN"),
    ):
        # Whatever they send: who they are is looked at first.
        for variables in ({}, {"first": 99}, {"after": "nonsense"}, {"filter": {"since": "2026-11-21T05:00:00"}}):
            answer = await caller.execute(EVENTS, **variables)
            assert (answer.code, answer.body["data"]) == (code, None)
    assert await count(guarded) == before


async def test_an_admin_token_is_matched_whole(guarded: Server) -> None:
    before = await count(guarded)
    for wrong in (ADMIN_TOKEN[:-1], ADMIN_TOKEN + "x", ADMIN_TOKEN.upper(), PREVIOUS[1:], ADMIN_TOKEN + PREVIOUS, "x"):
        answer = await operator(guarded, wrong).execute(EVENTS, first=99)
        assert (answer.code, answer.error["extensions"]["details"]) == ("UNAUTHENTICATED", {"reason": "INVALID"})
    assert await count(guarded) == before
    for right in (ADMIN_TOKEN, PREVIOUS):
        assert (await operator(guarded, right).execute(EVENTS)).data["auditEvents"]["totalCount"] > before


@sqlite_alone
async def test_without_a_token_there_is_no_operator(settings: Settings) -> None:
    for changes in ({}, {"admin_token": SecretStr("")}, {"admin_token": SecretStr(" ")}):
        async with serving(settings.model_copy(update=changes), work=False) as server:
            for tried in ("None", "null", "**********"):
                answer = await operator(server, tried).execute(EVENTS)
                assert answer.code == "UNAUTHENTICATED"


async def test_old_events_are_forgotten(guarded: Server) -> None:
    async with guarded.services.database.write() as tx:
        for _ in range(3):
            await audit.record(tx, AuditKind.SIGNED_IN)
        oldest, middle, _ = [row_id for (row_id,) in await tx.all(select(AuditEvent.id).order_by(AuditEvent.id))]
        for row_id, days in ((oldest, 8), (middle, 6)):
            moment = clock.seconds_from_now(-days * 86_400)
            await tx.execute(update(AuditEvent).where(AuditEvent.id == row_id).values(created_at=moment))
        assert await tx.execute(queries.purge(keep_days=7)) == 1
        left = [row_id for (row_id,) in await tx.all(select(AuditEvent.id).order_by(AuditEvent.id))]
    assert left == [middle, oldest + 2]
