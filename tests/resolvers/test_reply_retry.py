"""`replyRetry`: another reply to the same question, counted as a question is, and never two at a time."""

import asyncio

import pytest
from sqlalchemy import delete, select, update

from db.models.tables import Base, TranscriptSegment, Video
from services.errors import TranscriptMissing
from services.llm.chat_model import ModelRefused
from services.settings import Settings
from tests.client import Client
from tests.conversations import (
    RETRY,
    ask,
    converse,
    follow,
    messages,
    quota_used,
    retry,
    send,
    stop,
    until_ended,
)
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
AT_ONCE = 50
GONE = {"__typename": "NotFound", "reason": "Reply not found."}
REFUSED = ModelRefused("BLOCKED", "No.")


async def dump(server: Server) -> str:
    """Everything that is stored."""
    async with server.services.database.read() as reader:
        return repr([await reader.all(select(table)) for table in Base.metadata.sorted_tables])


@pytest.mark.parametrize("kind", ["guest", "user"])
async def test_a_reply_that_has_ended_is_asked_for_again(settings: Settings, kind: str) -> None:
    """Failed, stopped or done: the old one stays, and both answer the question."""
    gate = asyncio.Event()
    model = ScriptedModel([REFUSED], ["Half ", gate], ["Whole."], ["Better."])
    async with serving(settings, model=model) as server:
        client = await server.user() if kind == "user" else server.guest()
        conversation = await converse(client)
        first = await ask(client, conversation)
        await follow(client, first)
        question, failed = await messages(client, conversation)
        assert (failed["status"], await quota_used(client)) == ("FAILED", 0)

        second = await retry(client, first)
        assert (second["reply"]["role"], second["reply"]["content"]) == ("ASSISTANT", "")
        assert second["reply"]["replyTo"] == {"id": question["id"]}
        assert second["quota"]["used"] == 1
        await follow(client, second["reply"]["id"], enough=lambda reading: reading.text == "Half ")
        await stop(client, second["reply"]["id"])
        assert (await until_ended(client, conversation))["status"] == "STOPPED"
        for content, used in (("Whole.", 2), ("Better.", 3)):
            again = await retry(client, (await messages(client, conversation))[-1]["id"])
            assert again["quota"]["used"] == used
            assert (await follow(client, again["reply"]["id"])).text == content
        found = await messages(client, conversation)
        assert found[:2] == [question, failed]
        assert [one["status"] for one in found[1:]] == ["FAILED", "STOPPED", "DONE", "DONE"]
        assert {one["replyTo"]["id"] for one in found[1:]} == {question["id"]}
        assert await quota_used(client) == 3
    assert [[turn.content for turn in request.turns] for request in model.requests] == [[question["content"]]] * 4


async def test_a_reply_that_fails_again_gives_its_message_back(settings: Settings) -> None:
    async with serving(settings, model=ScriptedModel([REFUSED], [REFUSED], [""])) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        for _ in range(2):
            assert (await follow(guest, reply)).kinds[-1] == "Failed"
            reply = (await retry(guest, reply))["reply"]["id"]
        await follow(guest, reply)
        assert await quota_used(guest) == 0


async def test_while_one_is_to_come_nothing_is_counted(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest)
    sent = await send(guest, conversation)
    before = await messages(guest, conversation)
    again = await retry(guest, sent["reply"]["id"])
    assert again == {"__typename": "ReplyRetrySuccess", "reply": sent["reply"], "quota": sent["quota"]}
    assert await messages(guest, conversation) == before


@pytest.mark.parametrize("quota", [2, 20])
async def test_many_at_once_make_one_reply(settings: Settings, quota: int) -> None:
    """Over two servers, and with the last message of the day, too."""
    settings = settings.model_copy(update={"wiz_guest_daily_quota": quota, "rate_limit_enabled": False})
    async with serving(settings, work=False) as server, serving(settings, work=False) as other:
        guest = server.guest()
        elsewhere = Client(url=other.url, guest=guest.guest)
        conversation = await converse(guest)
        # One that has ended, and is counted.
        await ask(guest, conversation, "Another question?")
        reply = await ask(guest, conversation)
        await stop(guest, reply)
        clients = [guest, elsewhere] * (AT_ONCE // 2)
        answers = await asyncio.gather(*(retry(client, reply) for client in clients))
        assert {answer["__typename"] for answer in answers} == {"ReplyRetrySuccess"}
        assert len({answer["reply"]["id"] for answer in answers}) == 1
        assert {answer["quota"]["used"] for answer in answers} == {2}
        assert len(await messages(guest, conversation)) == 5
        assert await quota_used(guest) == 2


async def test_the_quota_counts_for_retries_too(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"wiz_guest_daily_quota": 1}), work=False) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        await stop(guest, reply)
        await ask(guest, conversation, "Another question?")
        before = await dump(server)
        refusal = await retry(guest, reply)
        assert refusal == {"__typename": "QuotaExceeded", "reason": "Daily limit reached (1 guest messages/day)."}
        assert await dump(server) == before


async def test_without_a_transcript_there_is_no_other_reply(idle_server: Server) -> None:
    guest = idle_server.guest()
    reply = await ask(guest, await converse(guest))
    await stop(guest, reply)
    tide = Video.youtube_id == "sample-tide"
    async with idle_server.services.database.write() as tx:
        of_tide = select(Video.id).where(tide).scalar_subquery()
        await tx.execute(delete(TranscriptSegment).where(TranscriptSegment.video_id == of_tide))
    assert await retry(guest, reply) == {"__typename": "TranscriptMissing", "reason": TranscriptMissing.message}
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Video).where(tide).values(transcript_available=False))
    assert (await retry(guest, reply))["__typename"] == "TranscriptNotReady"
    assert await quota_used(guest) == 0


async def test_nobody_retries_what_is_not_theirs(idle_server: Server) -> None:
    clients = [idle_server.guest(), await idle_server.user(), idle_server.guest(), await idle_server.user()]
    sent = {client: await send(client, await converse(client)) for client in clients}
    for client, one in sent.items():
        await stop(client, one["reply"]["id"])
    before = await dump(idle_server)
    for client in clients:
        for other, one in sent.items():
            if other is not client:
                assert await retry(client, one["reply"]["id"]) == GONE
        for odd in ("", "nonsense", sent[client]["message"]["id"], "TWVzc2FnZTo5OTk5OTk"):
            assert (await retry(client, odd))["__typename"] == "NotFound"
    reply = sent[clients[0]]["reply"]["id"]
    assert (await idle_server.nobody.execute(RETRY, id=reply)).code == "UNAUTHENTICATED"
    assert await dump(idle_server) == before


@ONE_ENGINE
async def test_the_model_gets_one_reply_to_each_question_before(settings: Settings) -> None:
    """The newest that says something; and of a question that is asked again nothing that came after it."""
    model = ScriptedModel(["one"], ["uno"], [REFUSED], ["two"], ["dos"], ["three"], ["zwei"])
    async with serving(settings, model=model) as server:
        user = await server.user()
        conversation = await converse(user)

        async def answered(reply: str) -> str:
            await follow(user, reply)
            return reply

        first = await answered(await ask(user, conversation, "1?"))
        for _ in range(2):
            # The second of them fails, and says nothing.
            await answered((await retry(user, first))["reply"]["id"])
        second = await answered(await ask(user, conversation, "2?"))
        await answered((await retry(user, second))["reply"]["id"])
        await answered(await ask(user, conversation, "3?"))
        await answered((await retry(user, second))["reply"]["id"])
    said = [[turn.content for turn in request.turns] for request in model.requests]
    assert said == [
        ["1?"],
        ["1?"],
        ["1?"],
        ["1?", "uno", "2?"],
        ["1?", "uno", "2?"],
        ["1?", "uno", "2?", "dos", "3?"],
        ["1?", "uno", "2?"],
    ]
