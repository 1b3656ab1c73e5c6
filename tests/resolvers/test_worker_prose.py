"""What workers of somebody else write is held to the same rules as what our own models write, but for their lengths."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import insert

from db.models.tables import Note, User
from db.outbox import NewTask
from services.notes import ai_notes
from services.settings import Settings
from services.videos.processing import LANE
from tests.client import Json
from tests.external_workers import Held, add_video, dump, guarded, row_of, video_of, worker
from tests.server import Server

pytestmark = pytest.mark.asyncio

COMPLETE = """
mutation Complete($input: TaskCompleteInput!) {
  taskComplete(input: $input) {
    __typename
    ... on TaskCompleteSuccess { task { note { text } } }
    ... on InvalidInput { message problems { path code message } }
  }
}
"""
NOT_PLAIN = [
    ("See https://evil.example/?q=1 now.", "no links"),
    ("See www.evil.example now.", "no links"),
    ("[Click](x) on it.", "without markup"),
    ("<img src=x onerror=alert(1)> tides", "without markup"),
    ("# Tides", "without markup"),
    ("The tide turns at 12:30.", "no timestamps"),
    ("12 + 30 = 42", "words"),
]
GOOD_QUESTIONS = ["Why?", "When?", "Where?"]


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncGenerator[Server]:
    async with guarded(settings) as server:
        yield server


async def hold_summary(server: Server) -> Held:
    video_id = await add_video(server)
    async with server.services.database.write() as tx:
        await tx.enqueue(NewTask(kind="make_summary", lane=LANE, key=str(video_id), payload={"videoId": video_id}))
    return await worker(server).hold(["SUMMARY"])


async def hold_note(server: Server) -> Held:
    video_id = await add_video(server)
    async with server.services.database.write() as tx:
        user_id = await tx.scalar(insert(User).values(email="ann@example.com", name="Ann").returning(User.id))
        note = insert(Note).values(user_id=user_id, video_id=video_id, timestamp="0:01", ai_status="PENDING")
        note_id = await tx.scalar(note.returning(Note.id))
        payload = {"noteId": note_id, "userId": user_id, "videoId": video_id, "timestamp": "0:01"}
        await tx.enqueue(NewTask(kind=ai_notes.KIND, lane=LANE, key=str(note_id), payload=payload))
    return await worker(server).hold(["NOTE"])


async def complete(server: Server, held: Held, result: Json) -> Json:
    return await worker(server).ask(COMPLETE, **held.proof, result=result)


async def refused(server: Server, held: Held, result: Json) -> Json:
    """The one problem; nothing changes."""
    before = await dump(server)
    answer = await complete(server, held, result)
    assert answer["__typename"] == "InvalidInput"
    assert await dump(server) == before
    (problem,) = answer["problems"]
    found: Json = problem
    return found


@pytest.mark.parametrize(("text", "reason"), NOT_PLAIN)
async def test_a_summary_is_plain_prose(server: Server, text: str, reason: str) -> None:
    problem = await refused(server, await hold_summary(server), {"summary": {"text": text}})
    assert (problem["path"], problem["code"]) == (["result", "summary", "text"], "INVALID_DATA")
    assert problem["message"].startswith("The summary must ")
    assert reason in problem["message"]
    assert text not in problem["message"]


@pytest.mark.parametrize(("text", "reason"), NOT_PLAIN)
async def test_questions_are_plain_prose(server: Server, text: str, reason: str) -> None:
    summary = {"text": "Tides.", "suggestedQuestions": [*GOOD_QUESTIONS[:2], text]}
    problem = await refused(server, await hold_summary(server), {"summary": summary})
    assert problem["path"] == ["result", "summary", "suggestedQuestions", "2"]
    assert problem["message"].startswith("The question must ")
    assert reason in problem["message"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [*NOT_PLAIN, ("The tide turns.\nAnd again.", "one line"), ("The tide turns.\u2028And again.", "one line")],
)
async def test_a_note_is_one_line_of_plain_prose(server: Server, text: str, reason: str) -> None:
    problem = await refused(server, await hold_note(server), {"note": text})
    assert (problem["path"], problem["code"]) == (["result", "note"], "INVALID_DATA")
    assert problem["message"].startswith("The note must ")
    assert reason in problem["message"]


async def test_questions_differ_once_they_are_plain(server: Server) -> None:
    summary = {"text": "Tides.", "suggestedQuestions": ["Why so?", "When?", "**why**  so?"]}
    problem = await refused(server, await hold_summary(server), {"summary": summary})
    assert problem["path"] == ["result", "summary", "suggestedQuestions"]


async def test_lengths_are_their_own_and_lines_are_joined(server: Server) -> None:
    held = await hold_summary(server)
    text = "The tide rises, and it falls.\n\n" * 300
    summary = {"text": text, "suggestedQuestions": [*GOOD_QUESTIONS[:2], "Why " + "so " * 150 + "?"]}
    assert (await complete(server, held, {"summary": summary}))["__typename"] == "TaskCompleteSuccess"
    video = await video_of(server, row_of(held.task["video"]["id"]))
    assert video.summary == " ".join(text.split())
    assert len(video.suggested_questions or []) == 3


async def test_a_note_may_be_long(server: Server) -> None:
    text = "The tide turns. " * 500
    done = await complete(server, await hold_note(server), {"note": text})
    assert done["task"]["note"]["text"] == text.strip()
