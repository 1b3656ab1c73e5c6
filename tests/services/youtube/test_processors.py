import asyncio
from collections.abc import Awaitable
from functools import partial

import pytest
from structlog.testing import capture_logs

from services.llm.chat_model import Segment
from services.tasks.model import LeaseLost, TaskError
from services.videos.processing import KINDS, Part
from tests.conditions import until
from tests.servers.youtube import Captions, Cue, FakeVideo, Fault
from tests.services.youtube.processing_stage import ProcessingStage

ID = "aaaaaaaaaaa"
SPEECH = (
    "Bees dance to tell each other where food is.",
    "The angle of the dance shows the direction of the food against the sun.",
    "The length of the dance shows how far away the food is.",
    "Karl von Frisch spent decades reading the dance of the bees in Austria.",
    "Other bees follow the dancer in the dark and fly to the food.",
)
BEES = FakeVideo(
    captions=(Captions(cues=tuple(Cue(start=10 * at, duration=10, text=text) for at, text in enumerate(SPEECH))),)
)
DONE = {"METADATA": ("READY", 1), "TRANSCRIPT": ("READY", 1), "SUMMARY": ("READY", 1)}


@pytest.mark.asyncio
async def test_a_new_video_becomes_ready(stage: ProcessingStage) -> None:
    stage.youtube.videos[ID] = BEES
    video_id = await stage.add(ID)
    assert await stage.states(video_id) == dict.fromkeys(DONE, ("PENDING", 0))
    async with stage.working():
        await stage.until_states(video_id, **DONE)

    video = await stage.video(video_id)
    assert video.is_ready
    assert video.details
    assert (video.display_title, video.details["uploader"]) == ("Why bees dance", "Bees at Work")
    assert await stage.segments(video_id) == [
        Segment(start_seconds=10 * at, duration_seconds=10, text=text) for at, text in enumerate(SPEECH)
    ]
    assert video.summary
    assert 200 <= len(video.summary) <= 800
    assert all(sentence in " ".join(SPEECH) for sentence in video.summary.split(". "))
    assert video.suggested_questions is None
    await stage.tasks.until_all("SUCCEEDED")


@pytest.mark.asyncio
async def test_each_step_is_told(stage: ProcessingStage) -> None:
    stage.youtube.videos[ID] = FakeVideo(fault=Fault.SILENCE)
    video_id = await stage.add(ID)
    assert len(await stage.events(video_id)) == 1
    async with stage.working():
        await stage.until_states(video_id, METADATA=("RUNNING", 1), TRANSCRIPT=("RUNNING", 1), SUMMARY=("PENDING", 0))
        assert len(await stage.events(video_id)) == 3
        # Nobody who fetches keeps others from writing meanwhile.
        assert await stage.add(ID) == video_id
        stage.youtube.videos[ID] = BEES
        await stage.until_states(video_id, **DONE)
    events = await stage.events(video_id)
    assert [kind for _, kind in events] == ["changed"] * 7
    first = events[0][0]
    assert [seq for seq, _ in events] == list(range(first, first + 7))


@pytest.mark.asyncio
async def test_a_failure_is_shown_while_it_waits_for_the_next_try(stage: ProcessingStage) -> None:
    stage.youtube.videos[ID] = FakeVideo(fault=Fault.TOO_MANY_REQUESTS)
    video_id = await stage.add(ID)
    async with stage.working(retry_seconds=3600):
        await stage.until_states(video_id, METADATA=("PENDING", 1), TRANSCRIPT=("PENDING", 1))
        for part in (Part.METADATA, Part.TRANSCRIPT):
            row = (await stage.parts(video_id))[part]
            assert row.error_code == "BLOCKED"
            assert row.error_message == "YouTube refuses requests from this server at the moment."
        assert len(await stage.events(video_id)) == 5

        stage.youtube.videos[ID] = BEES
        for task in await stage.tasks.tasks():
            assert task.status == "PENDING"
            await stage.tasks.make_due(task.id)
        await stage.until_states(video_id, METADATA=("READY", 2), TRANSCRIPT=("READY", 2), SUMMARY=("READY", 1))
    assert {(row.error_code, row.error_message) for row in (await stage.parts(video_id)).values()} == {(None, None)}


@pytest.mark.asyncio
async def test_the_third_failure_is_the_last(stage: ProcessingStage) -> None:
    stage.youtube.videos[ID] = FakeVideo(fault=Fault.HANG_UP)
    video_id = await stage.add(ID)
    async with stage.working():
        await stage.until_states(video_id, METADATA=("FAILED", 3), TRANSCRIPT=("FAILED", 3), SUMMARY=("PENDING", 0))
        await stage.tasks.until_all("DEAD")
    for part in (Part.METADATA, Part.TRANSCRIPT):
        row = (await stage.parts(video_id))[part]
        assert (row.error_code, row.error_message) == ("UNREACHABLE", "YouTube could not be reached.")
    video = await stage.video(video_id)
    assert (video.details, video.transcript_available, video.is_ready) == (None, False, False)
    assert len(await stage.events(video_id)) == 1 + 2 * 3 * 2


@pytest.mark.asyncio
async def test_one_that_failed_is_tried_afresh_when_it_is_added_again(stage: ProcessingStage) -> None:
    video_id = await stage.add(ID)
    async with stage.working():
        await stage.until_states(video_id, METADATA=("FAILED", 1), TRANSCRIPT=("FAILED", 1))
        stage.youtube.videos[ID] = BEES
        assert await stage.add(ID) == video_id
        await stage.until_states(video_id, **DONE)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("captions", "code"),
    [
        (None, "DISABLED"),
        ((Captions(language="de"),), "NO_TRANSCRIPT"),
        ((Captions(cues=(Cue(start=0, duration=1, text=" "),)),), "NO_TRANSCRIPT"),
    ],
)
async def test_what_will_not_change_is_not_tried_again(
    stage: ProcessingStage, captions: tuple[Captions, ...] | None, code: str
) -> None:
    stage.youtube.videos[ID] = FakeVideo(captions=captions)
    video_id = await stage.add(ID)
    async with stage.working():
        await stage.until_states(video_id, METADATA=("READY", 1), TRANSCRIPT=("FAILED", 1), SUMMARY=("PENDING", 0))
    assert (await stage.parts(video_id))[Part.TRANSCRIPT].error_code == code
    assert not (await stage.video(video_id)).transcript_available
    assert len(await stage.tasks.tasks()) == 2


@pytest.mark.asyncio
async def test_a_transcript_that_comes_does_not_revive_metadata_that_failed(stage: ProcessingStage) -> None:
    stage.youtube.videos[ID] = BEES
    video_id = await stage.add(ID)
    queue = stage.queue()
    task = await stage.claimed(queue, KINDS[Part.METADATA])
    error = TaskError(code="FAILED", message="No.", retryable=False)
    await queue.record_failure(task, error, stage.processor(queue).handlers()[task.kind])
    async with stage.working():
        await stage.until_states(video_id, METADATA=("FAILED", 1), TRANSCRIPT=("READY", 1), SUMMARY=("READY", 1))
    assert len(await stage.tasks.tasks()) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("part", list(Part))
async def test_what_is_there_is_not_fetched_again(stage: ProcessingStage, part: Part) -> None:
    video_id = await stage.add_done(ID, part)
    async with stage.working():
        await stage.tasks.until_all("SUCCEEDED")
    assert stage.youtube.requests == []
    assert (await stage.states(video_id))[part] == ("READY", 1)
    assert len(await stage.events(video_id)) == 1


@pytest.mark.asyncio
async def test_a_summary_needs_a_transcript(stage: ProcessingStage) -> None:
    video_id = await stage.add_done(ID, Part.METADATA)
    await stage.enqueue(Part.SUMMARY, video_id)
    async with stage.working():
        await stage.until_states(video_id, SUMMARY=("FAILED", 1))
    assert (await stage.parts(video_id))[Part.SUMMARY].error_code == "NO_TRANSCRIPT"


@pytest.mark.asyncio
async def test_a_task_for_no_video_ends(stage: ProcessingStage) -> None:
    for part in Part:
        await stage.enqueue(part, 10**9)
    with capture_logs() as logs:
        async with stage.working():
            await stage.tasks.until_all("SUCCEEDED")
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["video.missing"] * 3


@pytest.mark.asyncio
@pytest.mark.parametrize("part", [Part.METADATA, Part.TRANSCRIPT])
async def test_a_slow_worker_cannot_write_over_its_successor(stage: ProcessingStage, part: Part) -> None:
    stage.youtube.videos[ID] = FakeVideo(fault=Fault.SILENCE)
    video_id = await stage.add(ID)
    queue = stage.queue()
    slow = await stage.claimed(queue, KINDS[part])
    handle = stage.processor(queue).handlers()[slow.kind].handle
    async with asyncio.TaskGroup() as group:
        late = group.create_task(_failure(handle(slow)))
        await stage.until_states(video_id, **{part: ("RUNNING", 1)})
        await stage.tasks.make_due(slow.id)  # as if its lease had run out
        quick = await stage.claimed(queue, KINDS[part])
        assert (quick.id, quick.attempt) == (slow.id, 2)
        stage.youtube.videos[ID] = BEES
    assert isinstance(late.result(), LeaseLost)
    video = await stage.video(video_id)
    assert (video.details, video.transcript_available, await stage.segments(video_id)) == (None, False, [])
    assert (await stage.states(video_id))[part] == ("RUNNING", 1)

    await handle(quick)
    assert (await stage.states(video_id))[part] == ("READY", 2)
    assert isinstance(await _failure(handle(quick)), LeaseLost)  # it has ended
    assert len(await stage.segments(video_id)) == (len(SPEECH) if part is Part.TRANSCRIPT else 0)


@pytest.mark.asyncio
async def test_many_who_add_it_meanwhile_do_not_stand_in_the_way(stage: ProcessingStage) -> None:
    ids = [f"{number:011}" for number in range(8)]
    stage.youtube.videos.update(dict.fromkeys(ids, BEES))
    videos = [await stage.add(youtube_id) for youtube_id in ids]
    over = asyncio.Event()

    async def keep_adding(youtube_id: str) -> None:
        while not over.is_set():
            await stage.add(youtube_id, title="Mine")

    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group, stage.working():
            for youtube_id in ids:
                group.create_task(keep_adding(youtube_id))
            for video_id in videos:
                await until(partial(_is_ready, stage, video_id), seconds=30)
            over.set()
    assert [entry for entry in logs if entry["log_level"] in {"warning", "error"}] == []
    assert {task.attempt for task in await stage.tasks.tasks()} == {1}


async def _failure(handled: Awaitable[None]) -> Exception | None:
    try:
        await handled
    except LeaseLost as error:
        return error
    return None


async def _is_ready(stage: ProcessingStage, video_id: int) -> bool:
    return (await stage.video(video_id)).is_ready
