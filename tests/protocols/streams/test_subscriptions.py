"""Subscriptions of the real application by event stream and multipart."""

import asyncio
import json
import random
from contextlib import AsyncExitStack

import httpx2
import pytest

from schema.types.nodes import required_row_id
from services.settings import Settings
from services.videos import processing
from tests.accounts import register, sign_out, succeeded
from tests.client import UNUSED_TLS, Client, Json
from tests.conditions import until
from tests.conversations import FOLLOW, Reading, ask, converse, has, messages, says, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.protocols.streams.subscriber import ACCEPTED, FORMS, asked, follow
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
PACE = {"extractive_pace_seconds": 0.005}
VIDEO = '{ video(by: {youtube: "sample-tide"}) { id title } }'
WATCH = """
subscription Watch($id: ID!, $after: String, $timeout: Int! = 60) {
  videoReadiness(videoId: $id, after: $after, timeoutSeconds: $timeout) {
    __typename ... on StreamEvent { position } ... on VideoReady { video { id title isReady } }
  }
}
"""
UNREADY = """
mutation { conversationCreate(input: {video: {youtube: "dQw4w9WgXcQ"}}) {
  ... on ConversationCreateSuccess { conversation { video { id } } } } }
"""


async def unready_video(client: Client) -> str:
    """The id of one that nobody works on."""
    answer = await client.execute(UNREADY)
    found: str = answer.data["conversationCreate"]["conversation"]["video"]["id"]
    return found


@pytest.mark.parametrize("form", FORMS)
async def test_an_answer_streams_to_its_end(settings: Settings, form: str) -> None:
    async with serving(settings.model_copy(update=PACE)) as server:
        for client in (server.guest(), await server.user()):
            conversation = await converse(client)
            reading = await follow(client, form, await ask(client, conversation))
            kinds = reading.kinds
            assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("Snapshot", "Done", {"Delta"})
            assert len(kinds) > 5
            stored = (await messages(client, conversation))[-1]
            assert (reading.ending or {})["message"] == stored
            assert stored["content"] == reading.text


async def test_cut_off_again_and_again_nobody_misses_anything(settings: Settings) -> None:
    """Each time by the other protocol."""
    async with serving(settings.model_copy(update=PACE)) as server:
        user = await server.user()
        conversation = await converse(user)
        reply = await ask(user, conversation)

        async def read(chance: random.Random) -> Reading:
            reading = Reading()
            while reading.ending is None:
                form = FORMS[len(reading.events) % 2]
                await follow(user, form, reply, onto=reading, enough=has(len(reading.events) + chance.randint(1, 3)))
            return reading

        chances = [random.Random(seed) for seed in range(4)]  # noqa: S311  chance that can be repeated
        readings = await asyncio.gather(*(read(chance) for chance in chances))
        message = await until_ended(user, conversation)
        for reading in readings:
            assert reading.text == message["content"]
            assert (reading.kinds[0], reading.kinds[-1]) == ("Snapshot", "Done")
            assert set(reading.kinds[1:-1]) == {"Delta"}


@pytest.mark.parametrize("form", FORMS)
async def test_a_video_is_watched_until_it_is_ready(server: Server, form: str) -> None:
    for client in (server.guest(), await server.user()):
        video = (await client.execute(VIDEO)).data["video"]
        async with asked(client, form, WATCH, id=video["id"]) as answer:
            events = [event async for event in answer.events()]
            assert answer.is_complete
        assert [event["__typename"] for event in events] == ["VideoSnapshot", "VideoReady"]
        assert events[1]["video"] == {**video, "isReady": True}


@pytest.mark.parametrize("form", FORMS)
async def test_a_video_is_watched_on_from_a_position(settings: Settings, form: str) -> None:
    async with serving(settings, work=False) as server:
        guest = server.guest()
        video = await unready_video(guest)
        async with asked(guest, form, WATCH, id=video) as answer:
            snapshot = await anext(answer.events())
        assert snapshot["__typename"] == "VideoSnapshot"
        async with asked(guest, form, WATCH, id=video, after=snapshot["position"]) as answer:
            async with server.services.database.write() as tx:
                await processing.announce(tx, required_row_id("Video", video))
            update = await anext(answer.events())
        assert (update["__typename"], int(update["position"])) == ("VideoUpdate", int(snapshot["position"]) + 1)


@ONE_ENGINE
@pytest.mark.parametrize("form", FORMS)
async def test_heartbeats_keep_an_idle_stream_open(settings: Settings, form: str) -> None:
    gate = asyncio.Event()
    changes = {"stream_heartbeat_seconds": 0.02}
    model = ScriptedModel(["It ", gate, "was."])
    async with serving(settings.model_copy(update=changes), model=model) as server:
        guest = server.guest()
        reply = await ask(guest, await converse(guest))
        body = json.dumps({"query": FOLLOW, "variables": {"id": reply}})
        headers = {**guest.headers, "Accept": ACCEPTED[form], "Content-Type": "application/json"}
        heartbeat = {"sse": b":\n\n", "multipart": b"\r\nContent-Type: application/json\r\n\r\n{}\r\n--graphql"}[form]
        ending = {"sse": b"event: complete\ndata:\n\n", "multipart": b"--\r\n"}[form]
        received = b""
        async with (
            httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http,
            http.stream("POST", f"{guest.url}/graphql", content=body, headers=headers) as response,
        ):
            async for chunk in response.aiter_raw():
                received += chunk
                if received.count(heartbeat) > 5:
                    gate.set()
        assert received.endswith(ending)
        assert b'"was."' in received


@ONE_ENGINE
@pytest.mark.parametrize("form", FORMS)
async def test_a_refusal_is_the_only_payload(server: Server, form: str) -> None:
    guest = server.guest()
    reply = await ask(guest, await converse(guest))
    video = (await guest.execute(VIDEO)).data["video"]["id"]
    nobody, forged = server.nobody, Client(url=server.url, token="forged")
    refusals: list[tuple[Client, str, Json, str]] = [
        (guest, FOLLOW, {"id": "TWVzc2FnZTo5OTk5OTk"}, "NOT_FOUND"),
        (server.guest(), FOLLOW, {"id": reply}, "NOT_FOUND"),
        (nobody, FOLLOW, {"id": reply}, "UNAUTHENTICATED"),
        (forged, FOLLOW, {"id": reply}, "UNAUTHENTICATED"),
        (guest, FOLLOW, {"id": None}, "BAD_USER_INPUT"),
        (guest, FOLLOW, {"id": reply, "after": ["x"]}, "BAD_USER_INPUT"),
        (guest, WATCH, {"id": "TWVzc2FnZTo5OTk5OTk"}, "NOT_FOUND"),
        (guest, WATCH, {"id": video, "timeout": 0}, "BAD_USER_INPUT"),
        (guest, "subscription {", {}, "BAD_USER_INPUT"),
        (guest, "subscription { nothing }", {}, "BAD_USER_INPUT"),
        (guest, "query A { __typename } query B { __typename }", {}, "BAD_USER_INPUT"),
    ]
    for client, query, variables, code in refusals:
        async with asked(client, form, query, **variables) as answer:
            assert await answer.code() == code


@ONE_ENGINE
@pytest.mark.parametrize("form", FORMS)
async def test_what_is_no_request_is_refused_in_json(server: Server, form: str) -> None:
    wrong: list[tuple[bytes, str, int]] = [
        (b"{", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": "{ __typename }"}', "text/plain", 415),
    ]
    async with httpx2.AsyncClient(verify=UNUSED_TLS) as http:
        for body, content_type, status in wrong:
            headers = {"Accept": ACCEPTED[form], "Content-Type": content_type}
            response = await http.post(f"{server.url}/graphql", content=body, headers=headers)
            assert response.status_code == status
            assert response.headers["content-type"].startswith("application/json")
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("form", FORMS)
async def test_queries_and_mutations_are_streams_of_one(server: Server, form: str) -> None:
    guest = server.guest()
    async with asked(guest, form, VIDEO) as answer:
        (payload,) = await answer.all()
        assert payload == (await guest.execute(VIDEO)).body
    async with asked(guest, form, UNREADY) as answer:
        (payload,) = await answer.all()
        assert payload["data"]["conversationCreate"]["conversation"]["video"]["id"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_stream_does_not_outlive_its_session(settings: Settings, form: str) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel(["It ", gate, "was."])) as server:
        tokens = succeeded(await register(server.nobody))["tokens"]
        ada = Client(url=server.url, token=tokens["accessToken"])
        reply = await ask(ada, await converse(ada))
        reading = Reading()
        async with asked(ada, form, FOLLOW, id=reply) as answer:
            payloads = answer.payloads()
            while reading.text != "It ":
                (event,) = (await anext(payloads))["data"].values()
                reading.take(event)
            await sign_out(Client(url=server.url, token=tokens["accessToken"]))
            gate.set()
            last = [payload async for payload in payloads]
            assert answer.is_complete
        (error,) = last[0]["errors"]
        assert len(last) == 1
        assert (error["extensions"]["code"], error["extensions"]["details"]) == (
            "UNAUTHENTICATED",
            {"reason": "REVOKED"},
        )


async def test_streams_that_were_left_leave_nothing_behind(settings: Settings) -> None:
    gate = asyncio.Event()
    async with serving(settings, model=ScriptedModel(["It ", gate, "was."])) as server:
        guest = server.guest()
        reply = await ask(guest, await converse(guest))
        video = await unready_video(guest)
        feeds = server.services.replies._log._feeds

        async def cycle(number: int) -> None:
            form = FORMS[number % 2]
            if number % 4 < 2:
                await follow(guest, form, reply, enough=says("It "))
            else:
                async with asked(guest, form, WATCH, id=video) as answer:
                    assert (await anext(answer.events()))["__typename"] == "VideoSnapshot"

        async def cycles(numbers: range) -> None:
            for number in numbers:
                await cycle(number)

        async def is_quiet() -> bool:
            return not feeds and len(asyncio.all_tasks()) <= before

        await follow(guest, "sse", reply, enough=says("It "))
        before = len(asyncio.all_tasks())
        await asyncio.gather(*(cycles(range(start, start + 20)) for start in range(0, 200, 20)))
        await until(is_quiet, seconds=30)
        gate.set()


@ONE_ENGINE
@pytest.mark.parametrize("form", FORMS)
async def test_a_server_that_ends_closes_its_streams_first(settings: Settings, form: str) -> None:
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(serving(settings, work=False))
        guest = server.guest()
        reply = await ask(guest, await converse(guest))
        feeds = server.services.replies._log._feeds

        async def is_followed() -> bool:
            return bool(feeds)

        async with asked(guest, form, FOLLOW, id=reply) as answer:
            events = answer.events()
            assert (await anext(events))["__typename"] == "ReplySnapshot"
            await until(is_followed)
            await running.aclose()
            assert not feeds
            if form == "sse":
                with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
                    await anext(events)
                assert not answer.is_complete
            else:
                assert [event async for event in events] == []
                assert answer.is_complete
                assert [error["extensions"]["code"] for error in answer.told] == ["SERVER_SHUTDOWN"]
