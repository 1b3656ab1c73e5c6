"""The daily quota of messages: exact, told to its owner, and given back when Wiz fails."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import insert, select, update

from db.models.tables import QuotaCounter
from services.llm.chat_model import ModelRefused
from services.settings import Settings
from services.wiz.quotas import Quota
from tests.client import Client
from tests.conversations import QUOTA, ask, converse, follow, messages, quota_used, send, stop
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

AT_ONCE = 20


def limited(settings: Settings, *, user: int = 20, guest: int = 5) -> Settings:
    return settings.model_copy(update={"wiz_user_daily_quota": user, "wiz_guest_daily_quota": guest})


async def kinds_of_sends(client: Client, conversations: list[str]) -> list[str]:
    """What comes of sends to all of them at once."""
    answers = await asyncio.gather(*(send(client, conversation) for conversation in conversations))
    return [answer["__typename"] for answer in answers]


@pytest.mark.parametrize("kind", ["guest", "user"])
async def test_as_many_messages_as_the_quota_has_and_no_more(settings: Settings, kind: str) -> None:
    """Over all conversations of the caller, however many come at once."""
    async with serving(limited(settings, user=7, guest=7), work=False) as server:
        client = await server.user() if kind == "user" else server.guest()
        conversations = [await converse(client, youtube) for youtube in ("sample-tide", "sample-text")]
        kinds = await kinds_of_sends(client, conversations * (AT_ONCE // 2))
        assert sorted(kinds) == ["MessageSendSuccess"] * 7 + ["QuotaExceeded"] * (AT_ONCE - 7)
        assert await quota_used(client) == 7
        stored = [await messages(client, conversation) for conversation in conversations]
        assert sum(len(found) for found in stored) == 14, "a question and a reply each"
        assert await kinds_of_sends(client, conversations) == ["QuotaExceeded"] * 2

        async with server.services.database.read() as reader:
            assert await reader.all(select(QuotaCounter.used)) == [(7,)]
        other = await server.user() if kind == "user" else server.guest()
        assert await quota_used(other) == 0


async def test_the_quota_is_told_before_and_after(settings: Settings) -> None:
    async with serving(limited(settings, user=3, guest=1), work=False) as server:
        midnight = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time(), UTC)
        user, guest = await server.user(), server.guest()
        assert (await server.nobody.execute(QUOTA)).data == {"viewer": {"wizQuota": None}}
        fresh = (await user.execute(QUOTA)).data["viewer"]["wizQuota"]
        assert fresh == {"limit": 3, "used": 0, "remaining": 3, "resetsAt": fresh["resetsAt"]}
        assert datetime.fromisoformat(fresh["resetsAt"]) == midnight
        sent = await send(user, await converse(user))
        assert sent["quota"] == {**fresh, "used": 1, "remaining": 2}
        assert (await user.execute(QUOTA)).data["viewer"]["wizQuota"] == sent["quota"]

        conversation = await converse(guest)
        await ask(guest, conversation)
        refusal = await send(guest, conversation)
        assert refusal.pop("resetInSeconds") == pytest.approx((midnight - datetime.now(UTC)).total_seconds(), abs=5)
        assert refusal == {
            "__typename": "QuotaExceeded",
            "reason": "Daily limit reached (1 guest messages/day).",
            "limit": 1,
            "resetsAt": fresh["resetsAt"],
        }


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_no_quota_at_all(settings: Settings) -> None:
    async with serving(limited(settings, user=0), work=False) as server:
        user = await server.user()
        refusal = await send(user, await converse(user))
        assert (refusal["reason"], refusal["limit"]) == ("Daily limit reached (0 messages/day).", 0)


async def test_yesterday_does_not_count(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest)
    await ask(guest, conversation)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    async with idle_server.services.database.write() as tx:
        owner = await tx.scalar(select(QuotaCounter.owner))
        await tx.execute(update(QuotaCounter).values(used=2))
        await tx.execute(insert(QuotaCounter).values(owner=owner, day=yesterday, used=5))
    assert await quota_used(guest) == 2
    assert (await send(guest, conversation))["quota"]["used"] == 3


async def test_a_reply_that_fails_gives_its_message_back(settings: Settings) -> None:
    model = ScriptedModel([ModelRefused("BLOCKED", "No.")], [""], ["Half", ModelRefused("BLOCKED", "No.")], ["Whole"])
    async with serving(settings, model=model) as server:
        guest = server.guest()
        conversation = await converse(guest)
        for used in (0, 0, 0, 1):
            reading = await follow(guest, await ask(guest, conversation))
            assert reading.ending is not None
            assert await quota_used(guest) == used, reading.events
        assert reading.kinds[-1] == "Done"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_reply_that_is_stopped_before_it_began_does_not_count(idle_server: Server) -> None:
    guest = idle_server.guest()
    reply = await ask(guest, await converse(guest))
    assert await quota_used(guest) == 1
    for _ in range(2):
        await stop(guest, reply)
        assert await quota_used(guest) == 0


async def test_the_day_a_message_was_counted_is_the_one_it_is_given_back_to() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert Quota(limit=5, used=1, resets_at=midnight).day == "2026-02-28"
