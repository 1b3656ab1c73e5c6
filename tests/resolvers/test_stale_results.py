"""A transcript is replaced while somebody writes from the old one: what they bring is dropped, and asked for anew."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping

import pytest
import pytest_asyncio
from sqlalchemy import select

from db.models.tables import Note, Task, Video
from services.settings import Settings
from tests.client import Client, Json
from tests.conditions import until
from tests.external_workers import SEGMENTS, ExternalWorker, end_lease, guarded, video_of, worker
from tests.notes import change, read, take
from tests.resolvers.stored import row_id
from tests.resolvers.submitting import submit
from tests.resolvers.test_writing import QUESTIONS, SUMMARY, configured, staged
from tests.server import Server
from tests.servers.model_server import Script

pytestmark = pytest.mark.asyncio

ID = "dQw4w9WgXcQ"
RETRY = "mutation Retry($input: VideoRetryInput!) { videoRetry(input: $input) { __typename } }"
OLD: Mapping[str, Json] = {
    "SUMMARY": {"summary": {"text": "What the old words said."}},
    "NOTE": {"note": "What the old words said."},
}
NEW: Mapping[str, Json] = {
    "SUMMARY": {"summary": {"text": "What the new words say."}},
    "NOTE": {"note": "What the new words say."},
}
KINDS = pytest.mark.parametrize("kind", OLD)


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with guarded(settings) as server:
        yield server


async def begin(user: Client) -> Json:
    """A video whose words, and an empty note on them, wait to be written from."""
    video: Json = (await submit(user, ID, text="Poisoned words. Old words."))["video"]
    await take(user, video={"youtube": ID}, timestamp="0:00")
    return video


async def replace(user: Client) -> None:
    assert (await submit(user, ID, text="Good words now. New words."))["__typename"] == "TranscriptSubmitSuccess"


async def kept(server: Server) -> tuple[str | None, str | None]:
    """The summary, and the note."""
    async with server.services.database.read() as reader:
        return await reader.scalar(select(Video.summary).where(Video.youtube_id == ID)), await reader.scalar(
            select(Note.text)
        )


async def finish(ann: ExternalWorker, kind: str) -> None:
    held = await ann.hold([kind])
    assert held.task["attempt"] == 1
    assert (await ann.complete(held, NEW[kind]))["__typename"] == "TaskCompleteSuccess"
    assert await ann.claim([kind]) is None


@KINDS
async def test_what_was_made_of_the_old_words_is_dropped(server: Server, kind: str) -> None:
    ada, ann = await server.user(), worker(server)
    await begin(ada)
    held = await ann.hold([kind])
    await replace(ada)
    assert (await ann.beat(held))["cancelRequested"] is True
    assert await ann.claim([kind]) is None, "one at a time"
    assert (await ann.complete(held, OLD[kind]))["__typename"] == "TaskCancelled"
    assert await kept(server) == (None, None)
    await finish(ann, kind)
    assert "What the new words say." in await kept(server)


@KINDS
@pytest.mark.parametrize("ending", ["fails", "is silent"])
async def test_a_worker_that_gives_up_on_the_old_words_has_a_successor(server: Server, kind: str, ending: str) -> None:
    ada, ann = await server.user(), worker(server)
    await begin(ada)
    held = await ann.hold([kind])
    await replace(ada)
    if ending == "fails":
        await ann.fail(held, retryable=False)
    else:
        await end_lease(server, held)
    await finish(ann, kind)
    assert "What the new words say." in await kept(server)


@KINDS
async def test_a_task_that_has_not_begun_reads_the_new_words(server: Server, kind: str) -> None:
    ada, ann = await server.user(), worker(server)
    await begin(ada)
    async with server.services.database.read() as reader:
        before = await reader.all(select(Task.id, Task.kind, Task.status).order_by(Task.id))
    await replace(ada)
    async with server.services.database.read() as reader:
        assert await reader.all(select(Task.id, Task.kind, Task.status).order_by(Task.id)) == before
    await finish(ann, kind)


@KINDS
async def test_words_that_are_fetched_in_the_place_of_a_users_stop_the_readers_too(server: Server, kind: str) -> None:
    ada, ann = await server.user(), worker(server)
    video = await begin(ada)
    held = await ann.hold([kind])
    answer = await ada.execute(RETRY, input={"id": video["id"], "part": "TRANSCRIPT"})
    assert answer.data["videoRetry"]["__typename"] == "VideoRetrySuccess"
    assert (await ann.complete(await ann.hold(), {"transcript": SEGMENTS}))["__typename"] == "TaskCompleteSuccess"
    assert (await video_of(server, row_id(video["id"]))).transcript_source == "WORKER"
    assert (await ann.complete(held, OLD[kind]))["__typename"] == "TaskCancelled"
    assert await kept(server) == (None, None)
    await finish(ann, kind)


async def test_a_note_that_its_owner_wrote_meanwhile_has_no_successor(server: Server) -> None:
    ada, ann = await server.user(), worker(server)
    await begin(ada)
    held = await ann.hold(["NOTE"])
    await replace(ada)
    await change(ada, held.task["note"], "Mine.")
    assert (await ann.complete(held, OLD["NOTE"]))["__typename"] == "TaskCancelled"
    assert await ann.claim(["NOTE"]) is None
    found = await read(ada, held.task["note"]["id"])
    assert found is not None
    assert found["text"] == "Mine."


async def test_our_own_worker_writes_again(settings: Settings) -> None:
    gate = asyncio.Event()
    stale, fresh = ({"summary": f"{about} {SUMMARY}", "questions": QUESTIONS} for about in ("Of old words.", "Of new."))
    scripts: list[Script] = [[gate, json.dumps(stale)], [json.dumps(fresh)]]
    async with staged(settings, *scripts, changes=configured("gemini")) as stage:
        ada, model = await stage.server.user(), stage.models["gemini"]

        async def is_asked() -> bool:
            return len(model.asked) == 1

        async def is_summed_up() -> bool:
            return (await kept(stage.server))[0] is not None

        await submit(ada, ID, text="Poisoned words. Old words.")
        await until(is_asked)
        await replace(ada)
        gate.set()
        await until(is_summed_up)
        summary, _ = await kept(stage.server)
        assert summary is not None
        assert summary.startswith("Of new.")
        assert ["Good words" in str(asked.body) for asked in model.asked] == [False, True]
