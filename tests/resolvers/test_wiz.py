"""Conversations, their messages, and what may be asked."""

import asyncio

import pytest
from sqlalchemy import delete, func, select, update

from db.models.tables import Conversation, Message, Task, TranscriptSegment, Video, VideoPart
from services.errors import TranscriptMissing
from services.llm.prompts import HISTORY_WINDOW
from services.settings import Settings
from tests.client import Answer, Client, Json
from tests.conversations import CREATE, READ, SEND, ask, converse, follow, messages, quota_used, send, stop, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"
OWN = "{ viewer { conversations { totalCount nodes { id } } } }"
NO_IDS = ["", "1", "nonsense", "Q29udmVyc2F0aW9uOjA", "Q29udmVyc2F0aW9uOi0x", "Q29udmVyc2F0aW9uOjk5OTk5", "\u00e9\x00"]
"""Blank, bare, garbage; then the numbers 0, -1 and 99999 of conversations; then what is not even ASCII."""


async def create(client: Client, **input_fields: object) -> Answer:
    return await client.execute(CREATE, input=input_fields)


async def created(client: Client, **input_fields: object) -> Json:
    found: Json = (await create(client, **input_fields)).data["conversationCreate"]
    return found


async def stored(server: Server) -> list[int]:
    """How many conversations, messages and tasks there are."""
    async with server.services.database.read() as reader:
        return [
            await reader.scalar(select(func.count()).select_from(table)) or 0 for table in (Conversation, Message, Task)
        ]


async def callers(server: Server) -> list[Client]:
    return [server.guest(), await server.user()]


async def test_a_conversation_is_always_a_new_one(idle_server: Server) -> None:
    for client in await callers(idle_server):
        first = (await created(client, video={"youtube": "sample-tide"}))["conversation"]
        again = (await created(client, video={"youtube": "sample-tide"}, title="  Tides  "))["conversation"]
        assert first["id"] != again["id"]
        assert (first["title"], again["title"]) == (None, "Tides")
        assert again["video"]["youtubeId"] == "sample-tide"
        assert again["messages"] == {"totalCount": 0, "nodes": []}
        own = (await client.execute(OWN)).data["viewer"]["conversations"]
        assert own["totalCount"] == 2
        assert {node["id"] for node in own["nodes"]} == {first["id"], again["id"]}


async def test_a_conversation_adds_the_video_it_is_about(idle_server: Server) -> None:
    guest = idle_server.guest()
    link = "https://youtu.be/never-met_1?t=30"
    found = (await created(guest, video={"youtube": link}))["conversation"]
    assert found["video"]["youtubeId"] == "never-met_1"
    assert await stored(idle_server) == [1, 0, 2], "its metadata and its transcript are to be fetched"
    await created(guest, video={"youtube": "never-met_1"})
    assert await stored(idle_server) == [2, 0, 2]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_a_conversation_cannot_be_made_of(idle_server: Server) -> None:
    guest = idle_server.guest()
    video: Json = {"youtube": "sample-tide"}
    malformed: list[Json] = [
        {"video": video, "userId": "1"},
        {"video": {**video, "title": "x"}},
        {"video": {**video, "id": "x"}},
        {"video": {}},
        {},
        {"video": video, "title": 5},
    ]
    for fields in malformed:
        assert (await create(guest, **fields)).code == "BAD_USER_INPUT"
    assert (await created(guest, video={"id": "VmlkZW86OTk5OQ"}))["__typename"] == "NotFound"
    for title, code in (("x" * 301, "TOO_LONG"), ("a\x00b", "INVALID_CHARACTER"), ("\ud800", "INVALID_CHARACTER")):
        refusal = await created(guest, video=video, title=title)
        assert refusal["problems"][0]["path"] == ["title"]
        assert refusal["problems"][0]["code"] == code
    assert (await create(idle_server.nobody, video=video)).error["extensions"]["details"] == {"reason": "MISSING"}
    assert await stored(idle_server) == [0, 0, 0]


async def test_nobody_elses_conversation_is_there(idle_server: Server) -> None:
    clients = [*await callers(idle_server), *await callers(idle_server)]
    owned = {client: await converse(client) for client in clients}
    replies = {client: await ask(client, conversation) for client, conversation in owned.items()}
    before = await stored(idle_server)
    for client, conversation in owned.items():
        for other in clients:
            is_own = other is client
            ids = (conversation, replies[client])
            assert ((await other.execute(READ, id=conversation)).data["conversation"] is not None) == is_own
            assert [(await other.execute(NODE, id=one)).data["node"] is not None for one in ids] == [is_own, is_own]
            if not is_own:
                refusal = {"__typename": "NotFound", "reason": "Conversation not found."}
                assert await send(other, conversation) == refusal
    assert await stored(idle_server) == before
    assert [await quota_used(client) for client in clients] == [1, 1, 1, 1]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_ids_we_never_gave_out_name_nothing(idle_server: Server) -> None:
    guest = idle_server.guest()
    reply = await ask(guest, await converse(guest))
    for odd in [*NO_IDS, reply]:
        assert (await guest.execute(READ, id=odd)).data["conversation"] is None
        assert (await send(guest, odd))["__typename"] == "NotFound"
    assert await quota_used(guest) == 1


async def test_messages_come_in_the_order_they_were_said(server: Server) -> None:
    user = await server.user()
    conversation = await converse(user)
    for question in ("What is a neap tide?", "And a spring tide?"):
        await ask(user, conversation, question)
        await until_ended(user, conversation)
    first, answer, second, last = found = await messages(user, conversation)
    assert [message["role"] for message in found] == ["USER", "ASSISTANT"] * 2
    assert [message["status"] for message in found] == ["DONE"] * 4
    assert [first["content"], second["content"]] == ["What is a neap tide?", "And a spring tide?"]
    assert [first["replyTo"], second["replyTo"]] == [None, None]
    assert [answer["replyTo"], last["replyTo"]] == [{"id": first["id"]}, {"id": second["id"]}]
    assert [message["model"] for message in found] == [None, "extractive"] * 2
    assert [bool(message["citations"]) for message in found] == [False, True] * 2
    assert sorted(message["createdAt"] for message in found) == [message["createdAt"] for message in found]

    paged: list[Json] = []
    after: str | None = None
    while after is not None or not paged:
        page = (await user.execute(READ, id=conversation, first=3, after=after)).data["conversation"]["messages"]
        assert page["totalCount"] == 4
        paged += page["nodes"]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert paged == found


async def test_a_sent_message_is_stored_beside_an_empty_reply(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest)
    sent = await send(guest, conversation, " \n\t What is a tide? \n ")
    assert sent["message"]["content"] == "What is a tide?"
    assert (sent["message"]["role"], sent["message"]["status"]) == ("USER", "DONE")
    assert (sent["reply"]["role"], sent["reply"]["status"]) == ("ASSISTANT", "PENDING")
    assert (sent["reply"]["content"], sent["reply"]["model"], sent["reply"]["citations"]) == ("", None, [])
    assert sent["reply"]["replyTo"] == {"id": sent["message"]["id"]}
    assert await messages(guest, conversation) == [sent["message"], sent["reply"]]


async def test_texts_that_are_refused_change_nothing(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest)
    for text, code in (
        ("", "REQUIRED"),
        (" \n\u2003\t", "REQUIRED"),
        ("x" * 4001, "TOO_LONG"),
        ("what\x00", "INVALID_CHARACTER"),
        ("\ud83d alone", "INVALID_CHARACTER"),
    ):
        refusal = await send(guest, conversation, text)
        assert refusal["__typename"] == "InvalidInput"
        assert [(problem["path"], problem["code"]) for problem in refusal["problems"]] == [(["text"], code)]
    for wrong in (5, None, ["x"]):
        assert (
            await guest.execute(SEND, input={"conversationId": conversation, "text": wrong})
        ).code == "BAD_USER_INPUT"
    assert await stored(idle_server) == [1, 0, 0]
    assert await quota_used(guest) == 0
    assert (await send(guest, conversation, " " + "x" * 4000 + " "))["__typename"] == "MessageSendSuccess"
    assert (await send(guest, conversation, "\U0001f30a?"))["message"]["content"] == "\U0001f30a?"


async def test_a_transcript_that_may_still_come_is_waited_for(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversation = await converse(guest, "never-met_1")
    refusal = await send(guest, conversation)
    assert refusal["__typename"] == "TranscriptNotReady"
    assert refusal["reason"] == "The transcript is still being fetched."
    assert refusal["video"] == {"youtubeId": "never-met_1", "processing": {"transcript": {"state": "PENDING"}}}
    assert await messages(guest, conversation) == []
    assert await quota_used(guest) == 0


async def test_a_transcript_that_will_not_come_is_missing(idle_server: Server) -> None:
    guest = idle_server.guest()
    conversations = [await converse(guest, "never-met_1"), await converse(guest)]
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(VideoPart).where(VideoPart.part == "TRANSCRIPT").values(state="FAILED"))
        tide = select(Video.id).where(Video.youtube_id == "sample-tide").scalar_subquery()
        await tx.execute(delete(TranscriptSegment).where(TranscriptSegment.video_id == tide))
    for conversation in conversations:
        refusal = await send(guest, conversation)
        assert refusal == {"__typename": "TranscriptMissing", "reason": TranscriptMissing.message}
        assert await messages(guest, conversation) == []
    assert await quota_used(guest) == 0


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_the_order_of_the_checks(settings: Settings) -> None:
    """Text, whose conversation it is, quota, transcript: the first that fails is told, and none is counted."""
    async with serving(settings.model_copy(update={"wiz_guest_daily_quota": 1}), work=False) as server:
        guest, other = server.guest(), server.guest()
        ready, waiting, foreign = await converse(guest), await converse(guest, "never-met_1"), await converse(other)
        assert (await send(guest, waiting))["__typename"] == "TranscriptNotReady"
        assert (await send(guest, ready))["__typename"] == "MessageSendSuccess"
        assert (await send(guest, waiting))["__typename"] == "QuotaExceeded"
        assert (await send(guest, foreign))["__typename"] == "NotFound"
        assert (await send(guest, foreign, " "))["__typename"] == "InvalidInput"
        assert await quota_used(guest) == 1


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_model_sees_the_newest_messages_that_say_something(settings: Settings) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(["one"], ["two"], ["three"], ["four"], ["five"], [gate], ["seven"])
    async with serving(settings, model=model) as server:
        user = await server.user()
        conversation = await converse(user)
        for number in range(1, 6):
            await ask(user, conversation, f"{number}?")
            await until_ended(user, conversation)
        silent = await ask(user, conversation, "6?")
        await stop(user, silent)
        await until_ended(user, conversation)
        await follow(user, await ask(user, conversation, "7?"))
    first, last = model.requests[0], model.requests[-1]
    assert [(turn.role, turn.content) for turn in first.turns] == [("user", "1?")]
    said = ["two", "3?", "three", "4?", "four", "5?", "five", "6?", "7?"]
    assert [turn.content for turn in last.turns] == ["2?", *said]
    assert len(last.turns) == HISTORY_WINDOW
    assert {turn.role for turn in last.turns if turn.content.endswith("?")} == {"user"}
    assert first.title == "Why the Sea Has Tides"
    assert len(first.segments) > 100
    assert sorted(first.segments, key=lambda segment: segment.start_seconds) == list(first.segments)
