"""The worker API: tasks handed out to workers of somebody else, and what they bring kept."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import delete, insert, select, update

from db.models.tables import Note, Task, TranscriptSegment, User, Video, VideoPart
from db.outbox import NewTask
from schema.types.nodes import global_id
from services.notes import ai_notes
from services.settings import Settings
from services.videos.processing import LANE
from tests.client import Json
from tests.external_workers import (
    CLAIM,
    SEGMENTS,
    add_video,
    dump,
    end_lease,
    guarded,
    make_due,
    task_of,
    video_of,
    worker,
)
from tests.server import Server

pytestmark = pytest.mark.asyncio

SUMMARY: Json = {"summary": {"text": " Tides. ", "suggestedQuestions": ["Why?", "When?", "Where?"]}}
METADATA: Json = {"metadata": {"title": "Tides", "uploader": "Ann", "duration": 60, "formats": ["never kept"]}}


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with guarded(settings) as server:
        yield server


async def parts(server: Server, video_id: int) -> dict[str, tuple[str, int, str | None]]:
    statement = select(VideoPart.part, VideoPart.state, VideoPart.attempts, VideoPart.error_code)
    async with server.services.database.read() as reader:
        rows = await reader.all(statement.where(VideoPart.video_id == video_id))
    return {part: (state, attempts, code) for part, state, attempts, code in rows}


async def texts(server: Server, video_id: int) -> list[str]:
    statement = select(TranscriptSegment.text).where(TranscriptSegment.video_id == video_id)
    async with server.services.database.read() as reader:
        return [text for (text,) in await reader.all(statement.order_by(TranscriptSegment.position))]


async def add_note(server: Server, video_id: int, text: str | None = None, *, wanted: bool = True) -> int:
    """A note of somebody new that waits for its words, with a task for them."""
    async with server.services.database.write() as tx:
        user = insert(User).values(email=f"{video_id}.{text}.{wanted}@example.com", ai_notes_enabled=wanted)
        user_id = await tx.scalar(user.returning(User.id))
        note = insert(Note).values(user_id=user_id, video_id=video_id, timestamp="0:01", text=text, ai_status="PENDING")
        note_id = await tx.scalar(note.returning(Note.id))
        assert note_id is not None
        payload = {"noteId": note_id, "userId": user_id, "videoId": video_id, "timestamp": "0:01"}
        await tx.enqueue(NewTask(kind=ai_notes.KIND, lane=ai_notes.LANE, key=str(note_id), payload=payload))
    return note_id


async def test_a_claim_says_what_is_to_be_done(server: Server) -> None:
    video_id = await add_video(server)
    held = await worker(server, "ann").hold()
    task = held.task
    assert (task["type"], task["status"], task["attempt"], task["maxAttempts"]) == ("TRANSCRIPT", "RUNNING", 1, 3)
    assert (task["worker"], task["cancelRequested"], task["error"], task["note"]) == ("ann", False, None, None)
    assert task["video"]["youtubeId"] == "dQw4w9WgXcQ"
    assert task["languages"] == ["en", "hi"]
    assert task["leaseExpiresAt"] > task["startedAt"] >= task["createdAt"]
    assert (task["runAt"], task["finishedAt"]) == (None, None)
    assert held.lease_seconds == 60
    assert (await parts(server, video_id))["TRANSCRIPT"] == ("RUNNING", 1, None)
    assert await worker(server).claim() is None
    assert await task_of(server, task["id"]) == task


async def test_a_transcript_is_kept_in_order_and_the_summary_is_next(server: Server) -> None:
    video_id = await add_video(server)
    held = await worker(server).hold()
    blank = {"text": " \n ", "startSeconds": 1}
    done = await worker(server).complete(held, {"transcript": [*reversed(SEGMENTS), blank]})
    assert (done["__typename"], done["task"]["status"]) == ("TaskCompleteSuccess", "SUCCEEDED")
    assert done["task"]["finishedAt"] is not None
    assert await texts(server, video_id) == ["The tide rises.", "The tide falls."]
    video = await video_of(server, video_id)
    assert (video.transcript_available, video.transcript_source) == (True, "WORKER")
    assert (await parts(server, video_id))["TRANSCRIPT"] == ("READY", 1, None)
    summary = await worker(server).hold(["SUMMARY"])
    assert (await worker(server).complete(summary, SUMMARY))["task"]["status"] == "SUCCEEDED"
    video = await video_of(server, video_id)
    assert (video.summary, video.suggested_questions) == ("Tides.", ["Why?", "When?", "Where?"])


async def test_metadata_is_tidied(server: Server) -> None:
    video_id = await add_video(server)
    held = await worker(server).hold(["METADATA"])
    assert (await worker(server).complete(held, METADATA))["task"]["video"]["title"] == "Tides"
    details = (await video_of(server, video_id)).details
    assert details is not None
    assert (details["uploader"], details["duration"], details["like_count"]) == ("Ann", 60, None)
    assert "formats" not in details


async def test_the_text_of_a_note_is_kept_and_told_to_its_owner(server: Server) -> None:
    note_id = await add_note(server, await add_video(server))
    held = await worker(server).hold(["NOTE"])
    assert held.task["note"]["timestamp"] == "0:01"
    assert held.task["video"]["youtubeId"] == "dQw4w9WgXcQ"
    done = await worker(server).complete(held, {"note": " The tide turns. "})
    assert done["task"]["note"]["text"] == "The tide turns."
    async with server.services.database.read() as reader:
        statement = select(Note.ai_status, Note.generated_by_ai).where(Note.id == note_id)
        assert await reader.first(statement) == ("READY", True)


async def test_a_note_that_its_owner_wrote_meanwhile_stays_so(server: Server) -> None:
    note_id = await add_note(server, await add_video(server))
    held = await worker(server).hold(["NOTE"])
    async with server.services.database.write() as tx:
        await tx.execute(update(Note).where(Note.id == note_id).values(text="Mine.", ai_status="NONE"))
    assert (await worker(server).complete(held, {"note": "Not mine."}))["__typename"] == "TaskCompleteSuccess"
    async with server.services.database.read() as reader:
        assert await reader.scalar(select(Note.text).where(Note.id == note_id)) == "Mine."


async def test_what_needs_nothing_any_more_is_not_handed_out(server: Server) -> None:
    video_id = await add_video(server)
    note_id = await add_note(server, video_id)
    async with server.services.database.write() as tx:
        await tx.execute(update(Note).where(Note.id == note_id).values(text="Mine.", ai_status="NONE"))
        await tx.execute(update(Video).where(Video.id == video_id).values(transcript_available=True))
    assert await worker(server).claim(["TRANSCRIPT", "NOTE"]) is None
    async with server.services.database.read() as reader:
        ended = select(Task.kind).where(Task.status == "SUCCEEDED").order_by(Task.kind)
        assert [kind for (kind,) in await reader.all(ended)] == ["fetch_transcript", "write_note"]


async def test_when_the_video_is_gone_the_task_ends_and_nothing_is_kept(server: Server) -> None:
    video_id = await add_video(server)
    held = await worker(server).hold()
    async with server.services.database.write() as tx:
        await tx.execute(delete(Video).where(Video.id == video_id))
    done = await worker(server).complete(held)
    assert (done["task"]["status"], done["task"]["video"]) == ("SUCCEEDED", None)
    assert await texts(server, video_id) == []


WRONG: list[tuple[str, Json, list[str]]] = [
    ("TRANSCRIPT", METADATA, ["result", "metadata"]),
    ("TRANSCRIPT", SUMMARY, ["result", "summary"]),
    ("TRANSCRIPT", {"note": "Words."}, ["result", "note"]),
    ("METADATA", {"transcript": SEGMENTS}, ["result", "transcript"]),
    ("METADATA", {"transcriptUploadId": "VXBsb2FkOjE"}, ["result", "transcriptUploadId"]),
    ("TRANSCRIPT", {"transcript": []}, ["result", "transcript"]),
    ("TRANSCRIPT", {"transcript": [{"text": " ", "startSeconds": 0}]}, ["result", "transcript"]),
    ("TRANSCRIPT", {"transcript": [{"text": "x", "startSeconds": -1}]}, ["result", "transcript", "0", "startSeconds"]),
    ("TRANSCRIPT", {"transcript": [{"text": "x" * 2_001, "startSeconds": 1}]}, ["result", "transcript", "0", "text"]),
    ("METADATA", {"metadata": None}, ["result", "metadata"]),
    ("METADATA", {"metadata": "Tides"}, ["result", "metadata"]),
    ("METADATA", {"metadata": {}}, ["result", "metadata", "title"]),
    ("METADATA", {"metadata": {"title": "Tides", "id": "of-another1"}}, ["result", "metadata", "id"]),
]


@pytest.mark.parametrize(("task_type", "result", "path"), WRONG)
async def test_a_result_that_does_not_fit_is_refused_and_nothing_changes(
    server: Server, task_type: str, result: Json, path: list[str]
) -> None:
    await add_video(server)
    held = await worker(server).hold([task_type])
    before = await dump(server)
    refused = await worker(server).client.execute(
        "mutation Complete($input: TaskCompleteInput!) { taskComplete(input: $input) { __typename "
        "... on InvalidInput { problems { path } } } }",
        input={**held.proof, "result": result},
    )
    if result == {"metadata": None}:
        assert refused.code == "BAD_USER_INPUT"  # of one-of inputs none is null
    else:
        answer = refused.data["taskComplete"]
        assert (answer["__typename"], [one["path"] for one in answer["problems"]]) == ("InvalidInput", [path])
    assert await dump(server) == before


@pytest.mark.parametrize(
    "summary",
    [
        {"text": ""},
        {"text": "x" * 10_001},
        {"text": "x", "suggestedQuestions": []},
        {"text": "x", "suggestedQuestions": ["a", "b"]},
        {"text": "x", "suggestedQuestions": ["a", "b", "c", "d"]},
        {"text": "x", "suggestedQuestions": ["a", "b", "x" * 501]},
        {"text": "x", "suggestedQuestions": ["a", "b", " "]},
        {"text": "x", "suggestedQuestions": ["a", "b", " A "]},
    ],
)
async def test_a_summary_has_its_limits(server: Server, summary: Json) -> None:
    video_id = await add_video(server)
    async with server.services.database.write() as tx:
        await tx.enqueue(NewTask(kind="make_summary", lane=LANE, key=str(video_id), payload={"videoId": video_id}))
    held = await worker(server).hold(["SUMMARY"])
    before = await dump(server)
    assert (await worker(server).complete(held, {"summary": summary}))["__typename"] == "InvalidInput"
    assert await dump(server) == before


async def test_failing_is_shown_and_tried_again_until_it_is_dead(server: Server) -> None:
    video_id = await add_video(server)
    for attempt in (1, 2, 3):
        await make_due(server)
        held = await worker(server).hold()
        assert held.task["attempt"] == attempt
        failed = await worker(server).fail(held, message="None in our folder.")
        is_last = attempt == 3
        assert failed["task"]["status"] == ("DEAD" if is_last else "PENDING")
        assert failed["task"]["error"] == {"code": "NO_TRANSCRIPT", "message": "None in our folder."}
        shown = ("FAILED" if is_last else "PENDING", attempt, "NO_TRANSCRIPT")
        assert (await parts(server, video_id))["TRANSCRIPT"] == shown
        again = await worker(server).fail(held)
        assert again["__typename"] == ("TaskFailSuccess" if is_last else "LeaseLost")
    assert await worker(server).claim() is None


async def test_what_no_try_can_help_is_dead_at_once_and_begins_anew(server: Server) -> None:
    video_id = await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    failed = await ann.fail(held, retryable=False)
    assert (failed["task"]["status"], failed["task"]["error"]["message"]) == ("DEAD", "Unknown error occurred.")
    replayed = (await ann.replay(held.task["id"]))["task"]
    assert (replayed["status"], replayed["attempt"], replayed["error"], replayed["worker"]) == (
        "PENDING",
        0,
        None,
        None,
    )
    assert (await parts(server, video_id))["TRANSCRIPT"] == ("PENDING", 0, None)
    assert (await ann.replay(held.task["id"]))["__typename"] == "TaskNotReplayable"
    again = await ann.hold()
    assert (again.task["id"], again.task["attempt"]) == (held.task["id"], 1)
    assert (await ann.complete(held))["__typename"] == "LeaseLost"
    assert (await ann.complete(again))["__typename"] == "TaskCompleteSuccess"


async def test_none_begins_anew_beside_another_for_the_same(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    held = await ann.hold()
    await ann.fail(held, retryable=False)
    await add_video(server)  # which schedules what is missing
    before = await dump(server)
    assert (await ann.replay(held.task["id"]))["__typename"] == "TaskNotReplayable"
    assert (await ann.replay("VGFzazo5OTk5"))["__typename"] == "NotFound"
    assert await dump(server) == before


async def test_a_dead_note_fails_and_waits_again_when_replayed(server: Server) -> None:
    note_id = await add_note(server, await add_video(server))
    ann = worker(server)
    held = await ann.hold(["NOTE"])
    status = select(Note.ai_status).where(Note.id == note_id)
    for act, expected in ((ann.fail(held, retryable=False), "FAILED"), (ann.replay(held.task["id"]), "PENDING")):
        await act
        async with server.services.database.read() as reader:
            assert await reader.scalar(status) == expected
    assert (await ann.complete(await ann.hold(["NOTE"]), {"note": "Tides."}))["task"]["note"]["text"] == "Tides."


async def test_tasks_are_listed_the_newest_first(server: Server) -> None:
    for number in range(3):
        await add_video(server, f"video-{number:05}")
    query = """query Tasks($type: TaskType, $status: TaskStatus, $after: String, $first: Int! = 4) {
      tasks(type: $type, status: $status, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id type status }
      }
    }"""
    client = worker(server).client
    page = (await client.execute(query)).data["tasks"]
    rest = (await client.execute(query, after=page["pageInfo"]["endCursor"])).data["tasks"]
    assert page["totalCount"] == 6
    ids = [one["id"] for one in (*page["nodes"], *rest["nodes"])]
    assert len(set(ids)) == 6
    assert {one["type"] for one in page["nodes"]} == {"METADATA", "TRANSCRIPT"}
    held = await worker(server).hold()
    running = (await client.execute(query, type="TRANSCRIPT", status="RUNNING")).data["tasks"]
    assert [one["id"] for one in running["nodes"]] == [held.task["id"]]
    for nothing in ({"type": "OTHER"}, {"type": "NOTE"}, {"status": "DEAD"}):
        assert (await client.execute(query, **nothing)).data["tasks"]["totalCount"] == 0


async def test_notes_that_await_the_assistant_are_listed_the_oldest_first(server: Server) -> None:
    video_id = await add_video(server)
    kept = [await add_note(server, video_id, text) for text in (None, "")]
    for text in (" ", "Words."):
        await add_note(server, video_id, text)
    await add_note(server, video_id, wanted=False)
    query = """query Awaiting($id: ID!) { notesAwaitingAi(videoId: $id) { totalCount nodes { id timestamp } } }"""
    client = worker(server).client
    found = (await client.execute(query, id=global_id("Video", video_id))).data["notesAwaitingAi"]
    assert [one["id"] for one in found["nodes"]] == [global_id("Note", one) for one in kept]
    assert found["totalCount"] == 2
    for nothing in (global_id("Video", 999_999), "nonsense", global_id("Note", kept[0])):
        assert (await client.execute(query, id=nothing)).data["notesAwaitingAi"] is None


async def test_what_cannot_be_claimed_is_refused(server: Server) -> None:
    await add_video(server)
    before = await dump(server)
    ann = worker(server)
    good = {"types": ["TRANSCRIPT"], "workerId": "ann", "waitSeconds": 0}
    cases: list[tuple[Json, str]] = [
        ({"types": []}, "types"),
        ({"types": ["TRANSCRIPT", "REPLY"]}, "types"),
        ({"workerId": " "}, "workerId"),
        ({"workerId": "x" * 101}, "workerId"),
        ({"waitSeconds": -1}, "waitSeconds"),
        ({"waitSeconds": 61}, "waitSeconds"),
    ]
    for wrong, path in cases:
        answer = await ann.ask(CLAIM, **{**good, **wrong})
        assert (answer["__typename"], [one["path"] for one in answer["problems"]]) == ("InvalidInput", [[path]])
    assert await dump(server) == before


async def test_a_wait_that_is_too_long_is_named_as_a_sentence(server: Server) -> None:
    claim = "mutation Claim($input: TaskClaimInput!) { taskClaim(input: $input) { ... on InvalidInput { message } } }"
    answer = await worker(server).ask(claim, types=["TRANSCRIPT"], workerId="ann", waitSeconds=61)
    assert answer["message"] == "Wait seconds must be between 0 and 60."


async def test_languages_are_wanted_of_transcripts_alone(server: Server) -> None:
    await add_video(server)
    ann = worker(server)
    assert (await ann.hold(["METADATA"])).task["languages"] is None
    assert (await ann.hold(["TRANSCRIPT"])).task["languages"] == ["en", "hi"]


async def test_a_lease_that_ended_is_lost(server: Server) -> None:
    video_id = await add_video(server)
    ann, bob = worker(server, "ann"), worker(server, "bob")
    first = await ann.hold()
    await end_lease(server, first)
    second = await bob.hold()
    assert (second.task["id"], second.task["attempt"], second.task["worker"]) == (first.task["id"], 2, "bob")
    before = await dump(server)
    for answer in (await ann.complete(first), await ann.beat(first), await ann.fail(first)):
        assert answer["__typename"] == "LeaseLost"
    assert await dump(server) == before
    assert (await bob.complete(second))["__typename"] == "TaskCompleteSuccess"
    assert await texts(server, video_id) == ["The tide rises.", "The tide falls."]
