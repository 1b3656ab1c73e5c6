"""Who holds a task may end it, and nobody else: however many workers there are, and whatever they try."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import Task, TranscriptSegment
from db.outbox import NewTask
from services.settings import Settings
from services.videos.processing import KINDS, LANE, Part
from tests.client import Client
from tests.conditions import until
from tests.external_workers import (
    ADMIN_TOKEN,
    CLAIM,
    COMPLETE,
    FAIL,
    HEARTBEAT,
    REPLAY,
    SEGMENTS,
    TRANSCRIPT,
    ExternalWorker,
    Held,
    add_video,
    dump,
    end_lease,
    guarded,
    make_due,
    task_ids,
    task_of,
    worker,
)
from tests.server import Server

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with guarded(settings) as server:
        yield server


async def cancel(server: Server, video_id: int) -> None:
    async with server.services.database.write() as tx:
        await server.services.queue.request_cancel(tx, KINDS[Part.TRANSCRIPT], str(video_id))


async def test_a_sign_of_life_keeps_the_task(server: Server) -> None:
    await add_video(server)
    ann, bob = worker(server, "ann"), worker(server, "bob")
    held = await ann.hold()
    async with server.services.database.write() as tx:
        soon = clock.seconds_from_now(1)
        await tx.execute(update(Task).where(Task.id == held.row_id).values(run_at=soon))
    beat = await ann.beat(held)
    assert (beat["__typename"], beat["cancelRequested"]) == ("TaskHeartbeatSuccess", False)
    assert beat["leaseExpiresAt"] == (await task_of(server, held.task["id"]))["leaseExpiresAt"]
    assert beat["leaseExpiresAt"] > held.task["leaseExpiresAt"]
    assert await bob.claim() is None
    assert (await ann.complete(held))["__typename"] == "TaskCompleteSuccess"
    assert (await ann.beat(held))["__typename"] == "LeaseLost"


async def test_a_result_sent_twice_is_kept_once(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    first, second = await asyncio.gather(ann.complete(held), ann.complete(held))
    assert first["task"] == second["task"]
    before = await dump(server)
    again = await ann.complete(held, {"transcript": [{"text": "Something else.", "startSeconds": 0}]})
    assert (again["__typename"], again["task"]) == ("TaskCompleteSuccess", first["task"])
    assert (await ann.fail(held))["__typename"] == "LeaseLost"
    assert await dump(server) == before


async def test_a_task_that_nobody_ever_ends_is_dead_after_all_its_tries(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    for attempt in (1, 2, 3):
        held = await ann.hold()
        assert held.task["attempt"] == attempt
        await end_lease(server, held)
    assert await ann.claim() is None
    task = await task_of(server, held.task["id"])
    assert (task["status"], task["attempt"], task["error"]["code"]) == ("DEAD", 3, "WORKER_LOST")
    for answer in (await ann.complete(held), await ann.beat(held)):
        assert answer["__typename"] == "LeaseLost"


async def test_a_cancelled_task_takes_no_result(server: Server) -> None:
    video_id = await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    await cancel(server, video_id)
    assert (await ann.beat(held))["cancelRequested"] is True
    for _ in range(2):
        assert (await ann.complete(held))["__typename"] == "TaskCancelled"
        assert (await task_of(server, held.task["id"]))["status"] == "CANCELLED"
    assert (await ann.fail(held))["__typename"] == "TaskCancelled"
    assert (await ann.beat(held))["__typename"] == "TaskCancelled"
    async with server.services.database.read() as reader:
        kept = select(func.count()).select_from(TranscriptSegment).where(TranscriptSegment.video_id == video_id)
        assert await reader.scalar(kept) == 0


async def test_a_cancelled_task_ends_when_its_worker_gives_up(server: Server) -> None:
    video_id = await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    await cancel(server, video_id)
    assert (await ann.fail(held))["task"]["status"] == "CANCELLED"
    assert await ann.claim() is None


async def test_no_token_is_guessed(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    await ann.hold(["METADATA"])
    waiting = (await task_ids(server, KINDS[Part.METADATA]))[0]
    before = await dump(server)
    token = held.token
    for wrong in ("", "null", token[:-1], token + "0", token.upper(), f" {token}", "%", "\0", "\ud800", "0" * 32):
        guess = replace(held, token=wrong)
        for answer in (await ann.complete(guess), await ann.beat(guess), await ann.fail(guess)):
            assert answer["__typename"] == "LeaseLost", wrong
    elsewhere = replace(held, task={**held.task, "id": waiting})
    nowhere = replace(held, task={**held.task, "id": "VGFzazo5OTk5"})
    nonsense = replace(held, task={**held.task, "id": "nonsense"})
    for other, expected in ((elsewhere, "LeaseLost"), (nowhere, "NotFound"), (nonsense, "NotFound")):
        for answer in (await ann.complete(other), await ann.beat(other), await ann.fail(other)):
            assert answer["__typename"] == expected
    assert await dump(server) == before


async def test_nobody_else_has_any_part_in_it(server: Server) -> None:
    await add_video(server)
    held = await worker(server).hold()
    user = await server.user()
    made = (await user.execute("mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }")).data
    program = Client(url=server.url, token=made["apiTokenCreate"]["token"])
    inputs = [
        (CLAIM, {"types": ["METADATA"], "workerId": "eve", "waitSeconds": 60}),
        (HEARTBEAT, held.proof),
        (COMPLETE, {**held.proof, "result": TRANSCRIPT}),
        (FAIL, {**held.proof, "error": {"code": "X"}}),
        (REPLAY, {"id": held.task["id"]}),
    ]
    queries = [
        "{ tasks { totalCount } }",
        'query { task(id: "VGFzazox") { id } }',
        'query { notesAwaitingAi(videoId: "x") { totalCount } }',
    ]
    before = await dump(server)
    for caller, code in (
        (server.nobody, "UNAUTHENTICATED"),
        (server.guest(), "UNAUTHENTICATED"),
        (Client(url=server.url, token=ADMIN_TOKEN[:-1]), "UNAUTHENTICATED"),
        (user, "FORBIDDEN"),
        (program, "FORBIDDEN"),
    ):
        for document, given in inputs:
            answer = await caller.execute(document, input=given)
            assert (answer.code, answer.body["data"]) == (code, None)
        for query in queries:
            assert (await caller.execute(query)).code == code
    assert await dump(server) == before


async def test_what_workers_ask_all_day_is_not_in_the_audit_log(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    for _ in range(3):
        assert await ann.claim() is None
        await ann.beat(held)
    await ann.complete(held)
    events = (await ann.client.execute("{ auditEvents { nodes { kind details } } }")).data["auditEvents"]["nodes"]
    acts = [one["details"]["field"] for one in events if one["kind"] == "ADMIN_ACTED"]
    assert acts == ["Query.auditEvents", "Mutation.taskComplete", "Mutation.taskClaim"]


async def test_workers_are_not_paced(settings: Settings) -> None:
    async with guarded(settings, rate_limit_enabled=True, rate_limit_default=settings.rate_limit_auth) as server:
        await add_video(server)
        ann = worker(server)
        held = await ann.hold()
        for _ in range(15):
            assert (await ann.beat(held))["__typename"] == "TaskHeartbeatSuccess"
            assert await ann.claim() is None


async def add_tasks(server: Server, count: int) -> set[str]:
    """Videos that want their transcripts, and nothing else."""
    ids = {f"video-{number:05}" for number in range(count)}
    for one in sorted(ids):
        await add_video(server, one)
    async with server.services.database.write() as tx:
        done = update(Task).where(Task.kind == KINDS[Part.METADATA])
        await tx.execute(done.values(status="SUCCEEDED", finished_at=clock.now()))
    return ids


async def drain(one: ExternalWorker, done: list[str]) -> None:
    while (held := await one.claim()) is not None:
        youtube_id = held.task["video"]["youtubeId"]
        cues = [{**SEGMENTS[0], "text": f"This is {youtube_id}, by {one.name}."}]
        assert (await one.complete(held, {"transcript": cues}))["__typename"] == "TaskCompleteSuccess"
        done.append(youtube_id)


async def test_four_workers_do_a_hundred_tasks_once_each(server: Server) -> None:
    ids, done = await add_tasks(server, 100), list[str]()
    async with asyncio.TaskGroup() as group:
        for name in ("ann", "bob", "cid", "dan"):
            group.create_task(drain(worker(server, name), done))
    assert sorted(done) == sorted(ids)
    async with server.services.database.read() as reader:
        tries = select(Task.attempt, Task.status, func.count()).where(Task.kind == KINDS[Part.TRANSCRIPT])
        grouped = tries.group_by(Task.attempt, Task.status)
        assert [tuple(row) for row in await reader.all(grouped)] == [(1, "SUCCEEDED", 100)]
        assert (
            await reader.scalar(
                select(func.count())
                .select_from(TranscriptSegment)
                .where(TranscriptSegment.text.startswith("This is video-"))
            )
            == 100
        )


async def test_beside_our_own_worker_each_summary_is_made_once(settings: Settings) -> None:
    async with guarded(settings) as server:
        ids, done = await add_tasks(server, 12), list[str]()
        await drain(worker(server), done)
        assert set(done) == ids
    counted = select(Task.attempt, Task.status, func.count()).where(Task.kind == KINDS[Part.SUMMARY])
    async with guarded(settings, work=True) as server:
        ann = worker(server)
        while (held := await ann.claim(["SUMMARY"])) is not None:
            await ann.complete(held, {"summary": {"text": "By Ann."}})

        async def ended() -> bool:
            async with server.services.database.read() as reader:
                rows = [tuple(row) for row in await reader.all(counted.group_by(Task.attempt, Task.status))]
            return rows == [(1, "SUCCEEDED", 12)]

        await until(ended)


async def test_what_is_left_to_others_our_own_worker_does_not_touch(settings: Settings) -> None:
    left = frozenset({"TRANSCRIPT", "METADATA"})
    async with guarded(settings, work=True, external_tasks=left) as server:
        video_id = await add_video(server)
        held = await worker(server).hold()
        await worker(server).complete(held)

        async def has_summary() -> bool:
            return "SUCCEEDED" in [
                (await task_of(server, one))["status"] for one in await task_ids(server, "make_summary")
            ]

        # By our own worker, that has looked for tasks by then.
        await until(has_summary)
        (metadata,) = await task_ids(server, KINDS[Part.METADATA])
        task = await task_of(server, metadata)
        assert (task["status"], task["attempt"], task["video"]["id"]) == ("PENDING", 0, held.task["video"]["id"])
        assert video_id


async def test_a_task_replayed_twice_at_once_begins_once(server: Server) -> None:
    video_id = await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    await ann.fail(held, retryable=False)

    async def enqueue() -> None:
        task = NewTask(kind=KINDS[Part.TRANSCRIPT], lane=LANE, key=str(video_id), payload={"videoId": video_id})
        async with server.services.database.write() as tx:
            await tx.enqueue(task)

    answers = await asyncio.gather(*(ann.replay(held.task["id"]) for _ in range(5)), enqueue())
    assert sum(answer is not None and answer["__typename"] == "TaskReplaySuccess" for answer in answers) <= 1
    live = (
        select(func.count())
        .select_from(Task)
        .where(Task.kind == KINDS[Part.TRANSCRIPT], Task.status.in_(("PENDING", "RUNNING")))
    )
    async with server.services.database.read() as reader:
        assert await reader.scalar(live) == 1
    await make_due(server)
    assert isinstance(await ann.hold(), Held)
    assert await ann.claim() is None
