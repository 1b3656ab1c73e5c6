"""The tour of README.md, walked to its end by a newcomer's client against the server as it is run."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.client import Client, Json, Socket
from tests.commands import Operator

README = Path(__file__).resolve().parents[1] / "README.md"
OPERATIONS = {
    match["name"]: match["text"]
    for match in re.finditer(
        r"^```graphql\n(?P<text>(?:query|mutation|subscription) (?P<name>\w+).*?)^```",
        README.read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )
}
NAMES = {"Register", "SignIn", "Samples", "AddVideo", "Readiness", "TakeNote", "Notes", "Begin", "Ask", "Answer"}
UNREACHABLE = {"code": "UNREACHABLE", "message": "YouTube could not be reached."}
# Three tries, and about six seconds of pauses between them.
LONGEST_SECONDS = 45


def test_the_tour_is_whole() -> None:
    assert OPERATIONS.keys() == NAMES


@pytest.mark.asyncio
async def test_the_tour(database_url: str, tmp_path: Path) -> None:
    # Paced slowly enough to be cut off in the middle on a busy computer, too.
    variables = {"DB_URL": database_url, "YOUTUBE_ORIGIN": "http://127.0.0.1:9", "EXTRACTIVE_PACE_SECONDS": "0.05"}
    with Operator(folder=tmp_path, variables=variables).serving() as (url, _):
        async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
            await _do(Client(url=url), "Register")
            user = Client(url=url, token=(await _do(Client(url=url), "SignIn"))["tokens"]["accessToken"])
            group.create_task(_video_that_cannot_be_fetched(user))
            await _lectures(user)
            await _note(user)
            await _question(user)


async def _video_that_cannot_be_fetched(user: Client) -> None:
    video = (await _do(user, "AddVideo"))["video"]
    async with user.socket() as socket, aclosing(_follow(socket, "Readiness", videoId=video["id"])) as events:
        snapshot = await anext(events)
        assert snapshot["__typename"] == "VideoSnapshot"
        seen = [snapshot["video"]["processing"]]
        while {seen[-1][part]["state"] for part in ("metadata", "transcript")} != {"FAILED"}:
            update = await anext(events)
            assert update["__typename"] == "VideoUpdate"
            seen.append(update["video"]["processing"])
    assert {seen[-1][part]["error"]["code"] for part in ("metadata", "transcript")} == {UNREACHABLE["code"]}
    assert seen[-1]["transcript"]["error"] == UNREACHABLE
    # A try that failed is told while the next one is waited for.
    assert any(each["transcript"] == {"state": "PENDING", "error": UNREACHABLE} for each in seen)
    assert seen[-1]["summary"]["state"] == "PENDING"


async def _lectures(user: Client) -> None:
    samples = (await user.execute(OPERATIONS["Samples"])).data["sampleVideos"]
    assert len(samples) >= 3
    assert all(sample["title"] and sample["durationSeconds"] and sample["suggestedQuestions"] for sample in samples)


async def _note(user: Client) -> None:
    assert (await _do(user, "TakeNote"))["note"]["startSeconds"] == 83
    video = (await user.execute(OPERATIONS["Notes"])).data["video"]
    assert video["notes"] == {"totalCount": 1, "nodes": [{"timestamp": "1:23", "text": "Two bulges."}]}


async def _question(user: Client) -> None:
    """Asked, followed, cut off in the middle, resumed, and heard to the end."""
    conversation = (await _do(user, "Begin"))["conversation"]
    asked = await _do(user, "Ask", conversationId=conversation["id"])
    assert asked["quota"]["remaining"] == 19
    reply_id = asked["reply"]["id"]

    text, position = "", ""
    async with user.socket() as socket, aclosing(_follow(socket, "Answer", replyId=reply_id)) as events:
        async for event in events:
            assert event["__typename"] == ("ReplyDelta" if position else "ReplySnapshot")
            text, position = text + event["text"], event["position"]
            if len(text.split()) > 5:
                break

    async with user.socket() as socket:
        resumed = [event async for event in _follow(socket, "Answer", replyId=reply_id, after=position)]
    *deltas, done = resumed
    assert {delta["__typename"] for delta in deltas} == {"ReplyDelta"}
    positions = [int(position), *(int(event["position"]) for event in resumed)]
    assert positions == sorted(set(positions))

    assert done["__typename"] == "ReplyDone"
    assert done["message"]["content"] == text + "".join(delta["text"] for delta in deltas)
    citations = done["message"]["citations"]
    assert citations
    assert all(f"[{citation['label']}]" in done["message"]["content"] for citation in citations)

    # Somebody who comes late gets all of it at once.
    async with user.socket() as socket:
        late = [event async for event in _follow(socket, "Answer", replyId=reply_id)]
    assert [event["__typename"] for event in late] == ["ReplySnapshot", "ReplyDone"]
    assert late[0]["text"] == done["message"]["content"]


async def _do(client: Client, name: str, **variables: object) -> Json:
    """The one result of a mutation, which must be its success."""
    (result,) = (await client.execute(OPERATIONS[name], **variables)).data.values()
    assert not {"message", "problem", "problems"} & result.keys(), result
    found: Json = result
    return found


def _follow(socket: Socket, name: str, **variables: object) -> AsyncGenerator[Json]:
    return socket.subscribe(OPERATIONS[name], **variables)
