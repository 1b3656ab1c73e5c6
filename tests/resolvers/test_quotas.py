"""The daily quota of messages: exact, told to its owner, and given back when Wiz fails."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import insert, select, update

from db.models.tables import QuotaCounter, Task
from services.llm.chat_model import ModelRefused
from services.settings import Settings
from services.wiz.quotas import PROMPTS, Quota, day_of, next_midnight, refund
from tests.client import Client
from tests.conditions import until
from tests.conversations import QUOTA, ask, converse, follow, messages, quota_used, retry, send, stop, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

AT_ONCE = 20
COUNTED = select(QuotaCounter.used).order_by(QuotaCounter.owner)
"""Of one caller their messages, then their prompts."""
MESSAGES = ~QuotaCounter.owner.endswith(":prompts")
CLAIM = "mutation Claim($id: String!) { guestConversationsClaim(input: {guestSessionId: $id}) { __typename } }"


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
            assert await reader.all(COUNTED) == [(7,), (7,)]
        other = await server.user() if kind == "user" else server.guest()
        assert await quota_used(other) == 0


@pytest.mark.parametrize("kind", ["guest", "user"])
async def test_fifty_at_once_over_two_servers(settings: Settings, kind: str) -> None:
    settings = limited(settings, user=10, guest=10)
    async with serving(settings, work=False) as server, serving(settings, work=False) as other:
        client = await server.user() if kind == "user" else server.guest()
        elsewhere = Client(url=other.url, token=client.token, guest=client.guest)
        conversations = [await converse(client, youtube) for youtube in ("sample-tide", "sample-text")]
        sends = [send(one, conversation) for one in (client, elsewhere) for conversation in conversations]
        sends += [send(one, conversations[0]) for one in (client, elsewhere) for _ in range(23)]
        kinds = [answer["__typename"] for answer in await asyncio.gather(*sends)]
        assert sorted(kinds) == ["MessageSendSuccess"] * 10 + ["QuotaExceeded"] * 40
        stored = [await messages(client, conversation) for conversation in conversations]
        assert sum(len(found) for found in stored) == 20, "a question and a reply each"
        async with server.services.database.read() as reader:
            assert await reader.all(COUNTED) == [(10,), (10,)]
        assert await quota_used(elsewhere) == 10


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
        owner = await tx.scalar(select(QuotaCounter.owner).where(MESSAGES))
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


@pytest.mark.parametrize("kind", ["guest", "user"])
async def test_prompts_end_though_every_message_is_given_back(settings: Settings, kind: str) -> None:
    """Whoever stops each answer before its first word has asked a model all the same."""
    async with serving(limited(settings, user=2, guest=2), work=False) as server:
        client = await server.user() if kind == "user" else server.guest()
        conversation = await converse(client)
        reply, told = "", list[int]()
        for _ in range(3):
            reply = await ask(client, conversation)
            await stop(client, reply)
            told.append(await quota_used(client))
            again = await retry(client, reply)
            await stop(client, again["reply"]["id"])
            told.append(await quota_used(client))
        # What is told as left is what can still be asked.
        assert told == [0, 0, 0, 0, 1, 2]
        before = await messages(client, conversation)
        refusal = await send(client, conversation)
        assert (refusal["__typename"], refusal["limit"]) == ("QuotaExceeded", 2)
        assert (await retry(client, reply))["__typename"] == "QuotaExceeded"
        assert await messages(client, conversation) == before
        async with server.services.database.read() as reader:
            assert await reader.all(COUNTED) == [(0,), (6,)]


async def test_prompts_are_exact_however_many_come_at_once(settings: Settings) -> None:
    settings = limited(settings, guest=20)
    async with serving(settings, work=False) as server, serving(settings, work=False) as other:
        guest = server.guest()
        elsewhere = Client(url=other.url, guest=guest.guest)
        conversations = [await converse(guest, youtube) for youtube in ("sample-tide", "sample-text")]
        await ask(guest, conversations[0])
        async with server.services.database.write() as tx:
            await tx.execute(update(QuotaCounter).where(~MESSAGES).values(used=20 * PROMPTS - 5))
        sends = [send(one, conversation) for one in (guest, elsewhere) for conversation in conversations * 4]
        kinds = [answer["__typename"] for answer in await asyncio.gather(*sends)]
        assert sorted(kinds) == ["MessageSendSuccess"] * 5 + ["QuotaExceeded"] * 11
        async with server.services.database.read() as reader:
            assert await reader.all(COUNTED) == [(6,), (20 * PROMPTS,)]


async def test_a_reply_that_is_to_come_already_is_no_prompt(settings: Settings) -> None:
    """With prompts left or without."""
    async with serving(limited(settings, guest=2), work=False) as server:
        guest = server.guest()
        reply = await ask(guest, await converse(guest))
        for prompts in (1, 2 * PROMPTS):
            async with server.services.database.write() as tx:
                await tx.execute(update(QuotaCounter).where(~MESSAGES).values(used=prompts))
            assert (await retry(guest, reply))["reply"]["id"] == reply
            async with server.services.database.read() as reader:
                assert await reader.all(COUNTED) == [(1,), (prompts,)]


@pytest.mark.parametrize(("said", "used"), [([], 0), ([" \n"], 0), (["High "], 1)])
async def test_a_stopped_reply_counts_from_its_first_word_on(settings: Settings, said: list[str], used: int) -> None:
    model = ScriptedModel([*said, asyncio.Event()])
    async with serving(settings, model=model) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        text = "".join(said)

        async def is_asked() -> bool:
            return len(model.requests) == 1

        await until(is_asked)
        await follow(guest, reply, enough=lambda reading: reading.text == text)
        await stop(guest, reply)
        assert (await until_ended(guest, conversation))["status"] == "STOPPED"
        for _ in range(2):
            await stop(guest, reply)
            assert await quota_used(guest) == used


async def test_who_asked_gets_it_back_though_the_conversation_is_a_users_by_now(settings: Settings) -> None:
    """A guest's message stays the guest's: the user is given nothing that they never spent."""
    gate = asyncio.Event()
    model = ScriptedModel([gate, ModelRefused("BLOCKED", "No.")])
    async with serving(settings, model=model) as server:
        guest, user = server.guest(), await server.user()
        conversation = await converse(guest)
        failing, stopped = await ask(guest, conversation), await ask(guest, conversation)
        await ask(user, await converse(user))
        assert [await quota_used(one) for one in (guest, user)] == [2, 1]
        await user.execute(CLAIM, id=guest.guest)
        await stop(user, stopped)
        gate.set()
        await follow(user, failing)

        async def is_given_back() -> bool:
            return [await quota_used(one) for one in (guest, user)] == [0, 0]

        # The user's own failed, too.
        await until(is_given_back)


async def test_what_is_given_back_is_of_its_own_day_and_never_below_nothing(idle_server: Server) -> None:
    guest = idle_server.guest()
    reply = await ask(guest, await converse(guest))
    today = datetime.now(UTC).date().isoformat()
    database = idle_server.services.database
    async with database.write() as tx:
        owner = await tx.scalar(select(QuotaCounter.owner).where(MESSAGES))
        assert owner is not None
        await tx.execute(insert(QuotaCounter).values(owner=owner, day="2026-01-01", used=1))
        await tx.execute(update(Task).values(payload={"messageId": 1, "owner": owner, "day": "2026-01-01"}))
    await stop(guest, reply)
    async with database.write() as tx:
        for _ in range(2):
            await refund(tx, owner, "2026-01-01")
        await refund(tx, owner, "2026-01-02")
        counted = await tx.all(select(QuotaCounter.day, QuotaCounter.used).where(MESSAGES).order_by(QuotaCounter.day))
    assert [tuple(row) for row in counted] == [("2026-01-01", 0), (today, 1)]


@pytest.mark.parametrize(
    ("now", "day", "resets"),
    [
        (datetime(2026, 2, 28, 0, 0, tzinfo=UTC), "2026-02-28", datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC), "2026-02-28", datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), "2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
        (datetime(2028, 2, 28, 12, 0, tzinfo=UTC), "2028-02-28", datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
async def test_a_day_is_one_of_utc(now: datetime, day: str, resets: datetime) -> None:
    assert (day_of(now), next_midnight(now)) == (day, resets)


async def test_the_day_a_message_was_counted_is_the_one_it_is_given_back_to() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert Quota(limit=5, used=1, resets_at=midnight).day == "2026-02-28"
