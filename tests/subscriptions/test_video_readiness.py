"""`videoReadiness`: a video watched until it is ready."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete, insert, update

from db.models.tables import Event, EventTopic, Video, VideoPart
from schema.types.nodes import global_id, required_row_id
from services.events.purge import purge
from services.settings import Settings
from services.videos import processing
from tests.client import Client, Json, StreamRefused
from tests.conditions import until
from tests.server import Server, serving
from tests.servers.youtube import FakeVideo, youtube
from tests.settings import settings_for

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
SECONDS = 30
"""In which all that is waited for must have come."""
WATCH = """
subscription Watch($id: ID!, $after: String, $timeout: Int! = 60) {
  videoReadiness(videoId: $id, after: $after, timeoutSeconds: $timeout) {
    __typename
    ... on StreamEvent { position }
    ... on VideoSnapshot { video { ...State } }
    ... on VideoUpdate { video { ...State } }
    ... on VideoReady { video { ...State } }
  }
}
fragment State on Video {
  id title summary isReady
  transcript(first: 1) { totalCount }
  processing { metadata { state } transcript { state } summary { state } }
}
"""
ADD = """
mutation Add($youtube: String!) { videoAdd(input: {video: {youtube: $youtube}}) {
  ... on VideoAddSuccess { video { id } }
} }
"""
METADATA: Mapping[str, object] = {"details": {"title": "Known"}}
TRANSCRIPT: Mapping[str, object] = {"transcript_available": True}
SUMMARY: Mapping[str, object] = {"summary": "All in all."}


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    """Without a worker: the tests write what one would."""
    async with serving(settings, work=False) as server:
        yield server


@asynccontextmanager
async def watching(client: Client, video: str, **variables: object) -> AsyncGenerator[AsyncGenerator[Json]]:
    async with (
        asyncio.timeout(SECONDS),
        client.socket() as socket,
        aclosing(socket.subscribe(WATCH, id=video, **variables)) as events,
    ):
        yield events


async def take(events: AsyncGenerator[Json]) -> Json:
    return await anext(events)


async def watch(client: Client, video: str, **variables: object) -> list[Json]:
    """All events until the server completes the stream."""
    async with watching(client, video, **variables) as events:
        return [event async for event in events]


async def refusal(client: Client, video: str, **variables: object) -> str:
    """The code of the error that comes in place of the first event."""
    with pytest.raises(StreamRefused) as refused:
        async with watching(client, video, **variables) as events:
            await anext(events)
    assert refused.value.errors[0]["extensions"]["requestId"]
    return refused.value.code


def kinds(events: list[Json]) -> list[str]:
    return [event["__typename"] for event in events]


async def make_video(server: Server) -> str:
    """The id of one that lacks everything, but is being fetched."""
    async with server.services.database.write() as tx:
        row = await tx.scalar(insert(Video).values(youtube_id="dQw4w9WgXcQ").returning(Video.id))
        assert row is not None
        parts = [{"video_id": row, "part": part, "state": "PENDING"} for part in processing.Part]
        await tx.execute(insert(VideoPart), parts)
        await processing.announce(tx, row)
    return global_id("Video", row)


def row_of(video: str) -> int:
    return required_row_id("Video", video)


async def change(server: Server, video: str, *changes: Mapping[str, object]) -> None:
    """Each in a transaction of its own, as a worker would make it."""
    for values in changes:
        async with server.services.database.write() as tx:
            await tx.execute(update(Video).where(Video.id == row_of(video)).values(dict(values)))
            await processing.announce(tx, row_of(video))


async def tide(server: Server) -> str:
    answer = await server.guest().execute('{ video(by: {youtube: "sample-tide"}) { id } }')
    found: str = answer.data["video"]["id"]
    return found


async def test_a_snapshot_then_updates_then_ready(server: Server) -> None:
    video = await make_video(server)
    taken: list[Json] = []
    async with watching(server.guest(), video) as events:
        taken.append(await anext(events))
        for values in (METADATA, TRANSCRIPT, SUMMARY):
            await change(server, video, values)
            taken.append(await anext(events))
        taken += [event async for event in events]
    assert kinds(taken) == ["VideoSnapshot", *["VideoUpdate"] * 3, "VideoReady"]
    assert {event["video"]["id"] for event in taken} == {video}
    assert [event["video"]["title"] for event in taken] == [None, *["Known"] * 4]
    assert [event["video"]["summary"] for event in taken] == [*[None] * 3, *["All in all."] * 2]
    assert [event["video"]["isReady"] for event in taken] == [False, False, False, True, True]
    positions = [int(event["position"]) for event in taken]
    assert positions[:4] == list(range(positions[0], positions[0] + 4))
    assert positions[4] == positions[3]


async def test_a_video_that_is_ready_is_told_at_once(server: Server) -> None:
    snapshot, ready = await watch(await server.user(), await tide(server))
    assert kinds([snapshot, ready]) == ["VideoSnapshot", "VideoReady"]
    assert snapshot["video"] == ready["video"]
    assert ready["video"]["isReady"]
    assert ready["video"]["transcript"]["totalCount"] > 100
    assert {part["state"] for part in ready["video"]["processing"].values()} == {"READY"}
    assert ready["position"] == snapshot["position"]
    assert kinds(await watch(server.guest(), await tide(server), after=ready["position"])) == kinds([snapshot, ready])


async def test_the_wait_has_an_end(server: Server) -> None:
    video = await make_video(server)
    began = time.monotonic()
    snapshot, timeout = await watch(server.guest(), video, timeout=1)
    assert 1 <= time.monotonic() - began < SECONDS
    assert timeout == {"__typename": "VideoReadinessTimeout", "position": snapshot["position"]}
    await change(server, video, METADATA)
    update_, timeout = await watch(server.guest(), video, timeout=1, after=timeout["position"])
    assert kinds([update_, timeout]) == ["VideoUpdate", "VideoReadinessTimeout"]
    assert timeout["position"] == update_["position"] > snapshot["position"]


async def test_what_came_meanwhile_is_not_lost(server: Server) -> None:
    video = await make_video(server)
    async with watching(server.guest(), video) as events:
        snapshot = await anext(events)
    await change(server, video, METADATA, TRANSCRIPT)
    # Another guest: a position is no secret of the client that got it.
    async with watching(server.guest(), video, after=snapshot["position"]) as events:
        missed = await anext(events)
        assert kinds([missed]) == ["VideoUpdate"]
        assert missed["video"]["title"] == "Known"
        assert int(missed["position"]) == int(snapshot["position"]) + 2
    # Up to date: nothing is told twice, and what comes next is told.
    async with watching(server.guest(), video, after=missed["position"]) as events:
        async with asyncio.TaskGroup() as group:
            following = group.create_task(take(events))
            await until_followed(server)
            await change(server, video, SUMMARY)
        assert kinds([following.result()]) == ["VideoUpdate"]
        assert kinds([event async for event in events]) == ["VideoReady"]
    again = await watch(server.guest(), video, after=missed["position"])
    assert kinds(again) == ["VideoUpdate", "VideoReady"]
    assert kinds(await watch(server.guest(), video, after=again[-1]["position"])) == ["VideoReady"]


async def test_a_position_that_is_not_known_gives_a_snapshot(server: Server) -> None:
    video = await make_video(server)
    await change(server, video, METADATA, TRANSCRIPT)
    snapshot, _ = await watch(server.guest(), video, timeout=1)
    latest = int(snapshot["position"])
    async with server.services.database.write() as tx:
        await tx.execute(update(EventTopic).values(floor=EventTopic.seq))
        await tx.execute(delete(Event))
    unknown = (
        *("", " ", "garbage", "-1", "0", "1", "1.5", "1e3", "\0", "\ud800", "\u0663", "9" * 18, "9" * 40, "9" * 9_000),
        str(latest + 1),
        f" {latest}",
        str(latest - 1),  # not stored any more
    )
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(watching(server.guest(), video, after=text)) for text in unknown]
        for text, events in zip(unknown, streams, strict=True):
            event = await anext(events)
            assert (kinds([event]), event["position"]) == (["VideoSnapshot"], str(latest)), text
        await change(server, video, SUMMARY)
        for events in streams:
            assert kinds([event async for event in events]) == ["VideoUpdate", "VideoReady"]


async def test_a_follower_outlives_the_forgetting_of_its_topic(server: Server) -> None:
    video = await make_video(server)
    async with watching(server.guest(), video) as events:
        await anext(events)
        await until_followed(server)
        await purge(server.services.database, -60)
        await change(server, video, METADATA, TRANSCRIPT, SUMMARY)
        rest = [event async for event in events]
    assert kinds(rest)[-2:] in (["VideoUpdate", "VideoReady"], ["VideoSnapshot", "VideoReady"])
    assert rest[-1]["video"]["isReady"]


async def test_an_unknown_video_is_refused(server: Server) -> None:
    user = await server.user()
    me = (await user.execute("{ viewer { user { id } } }")).data["viewer"]["user"]["id"]
    for unknown in (
        "",
        "nonsense",
        "dQw4w9WgXcQ",
        "\0",
        global_id("Video", 999_999),
        global_id("Video", 2**63 - 1),
        me,
    ):
        assert await refusal(user, unknown) == "NOT_FOUND"
        assert await refusal(user, unknown, after="5", timeout=1) == "NOT_FOUND"


async def test_a_video_that_vanishes_is_refused_from_then_on(server: Server) -> None:
    video = await make_video(server)
    async with watching(server.guest(), video) as events:
        snapshot = await anext(events)
        async with server.services.database.write() as tx:
            await tx.execute(delete(Video).where(~Video.is_sample))
            await processing.announce(tx, row_of(video))
        with pytest.raises(StreamRefused) as refused:
            await anext(events)
    assert refused.value.code == "NOT_FOUND"
    assert await refusal(server.guest(), video, after=snapshot["position"]) == "NOT_FOUND"


@ONE_ENGINE
async def test_arguments_are_checked(server: Server) -> None:
    video, guest = await tide(server), server.guest()
    for timeout in (0, -1, 301, 2**31, "60", None, 1.5):
        assert await refusal(guest, video, timeout=timeout) == "BAD_USER_INPUT"
    for after in (5, ["5"], True):
        assert await refusal(guest, video, after=after) == "BAD_USER_INPUT"
    for timeout in (1, 300):
        assert kinds(await watch(guest, video, timeout=timeout, after=None)) == ["VideoSnapshot", "VideoReady"]
    async with guest.socket() as socket:
        with pytest.raises(StreamRefused) as refused:
            await anext(socket.subscribe("subscription { videoReadiness { __typename } }"))
        assert refused.value.code == "BAD_USER_INPUT"
        # The socket lives on.
        assert [event["__typename"] async for event in socket.subscribe(WATCH, id=video)] == [
            "VideoSnapshot",
            "VideoReady",
        ]


@ONE_ENGINE
async def test_nobody_watches(server: Server) -> None:
    for video in (await tide(server), "nonsense"):
        assert await refusal(server.nobody, video) == "UNAUTHENTICATED"


def followed(server: Server) -> int:
    """How many topics the server holds something for."""
    return len(server.services.readiness._log._feeds)


async def until_followed(server: Server, count: int = 1) -> None:
    async def is_so() -> bool:
        return followed(server) == count

    await until(is_so)


async def test_whoever_leaves_is_forgotten(server: Server) -> None:
    video = await make_video(server)
    async with server.guest().socket() as socket:
        events = socket.subscribe(WATCH, id=video)
        await anext(events)
        await until_followed(server)
        await socket.send({"id": "0", "type": "complete"})
        await until_followed(server, 0)
        # On the same socket once more, which is then cut without a word.
        await anext(socket.subscribe(WATCH, id=video))
        await until_followed(server)
        socket.connection.transport.abort()
        await until_followed(server, 0)
    await watch(server.guest(), video, timeout=1)
    assert followed(server) == 0


async def test_after_its_topic_was_forgotten_a_video_is_told_anew(server: Server) -> None:
    video = await make_video(server)
    snapshot, _ = await watch(server.guest(), video, timeout=1)
    await purge(server.services.database, -60)
    async with watching(server.guest(), video, after=snapshot["position"]) as events:
        assert kinds([await anext(events)]) == ["VideoSnapshot"]
        await change(server, video, METADATA, TRANSCRIPT, SUMMARY)
        rest = [event async for event in events]
    assert kinds(rest)[-2:] == ["VideoUpdate", "VideoReady"]
    assert int(rest[-1]["position"]) > int(snapshot["position"])


async def test_one_leaves_and_another_stays(server: Server) -> None:
    video = await make_video(server)
    async with watching(server.guest(), video) as staying:
        await anext(staying)
        async with watching(server.guest(), video) as leaving:
            await anext(leaving)
            await until_followed(server)
        await change(server, video, METADATA, TRANSCRIPT, SUMMARY)
        assert kinds([event async for event in staying][-2:]) == ["VideoUpdate", "VideoReady"]


async def test_another_server_writes(settings: Settings, server: Server) -> None:
    async with serving(settings, work=False) as elsewhere:
        video = await make_video(server)
        async with watching(server.guest(), video) as here, watching(elsewhere.guest(), video) as there:
            snapshot = await anext(here)
            assert await anext(there) == snapshot
            for values, writer in ((METADATA, elsewhere), (TRANSCRIPT, server), (SUMMARY, elsewhere)):
                await change(writer, video, values)
                update_ = await anext(here)
                assert kinds([update_]) == ["VideoUpdate"]
                assert await anext(there) == update_
            ready = [event async for event in here]
            assert kinds(ready) == ["VideoReady"]
            assert [event async for event in there] == ready
        # What one gave out, the other understands.
        assert kinds(await watch(elsewhere.guest(), video, after=snapshot["position"])) == ["VideoUpdate", "VideoReady"]


async def test_a_worker_elsewhere_makes_it_ready(server: Server, database_url: str, tmp_path: Path) -> None:
    """From the adding of a video to its being ready, with YouTube played by a script."""
    with youtube() as source:
        source.videos["dQw4w9WgXcQ"] = FakeVideo(title="Why bees dance")
        user = await server.user()
        video = (await user.execute(ADD, youtube="https://youtu.be/dQw4w9WgXcQ")).data["videoAdd"]["video"]["id"]
        async with watching(server.guest(), video) as events:
            snapshot = await anext(events)
            assert {part["state"] for part in snapshot["video"]["processing"].values()} == {"PENDING"}
            worker = settings_for(database_url, tmp_path / "elsewhere", youtube_origin=source.origin)
            async with serving(worker):
                rest = [event async for event in events]
    assert kinds(rest) == ["VideoUpdate"] * (len(rest) - 1) + ["VideoReady"]
    assert len(rest) > 1
    ready = rest[-1]["video"]
    assert (ready["title"], ready["isReady"], ready["transcript"]) == ("Why bees dance", True, {"totalCount": 1})
    assert {part["state"] for part in ready["processing"].values()} == {"READY"}
    positions = [int(event["position"]) for event in [snapshot, *rest]]
    assert positions == sorted(positions)
