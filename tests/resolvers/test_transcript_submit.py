"""`transcriptSubmit`: a user brings what is said, once for everybody."""

import asyncio
import json
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import func, select

from db.models.tables import Task, TranscriptSubmission, Upload, Video, VideoAddition
from db.queries import deletion
from services import limits
from services.settings import Settings
from services.videos.processing import KINDS, Part
from tests.client import Client, Json
from tests.resolvers.stored import row_id, user_id_of
from tests.resolvers.submitting import SUBMIT, said_in, segments_of, submit, upload
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ID = "dQw4w9WgXcQ"
ADD = 'mutation { videoAdd(input: {video: {youtube: "dQw4w9WgXcQ"}}) { ... on VideoAddSuccess { video { id } } } }'
SEGMENTS = [
    {"startSeconds": 7.5, "durationSeconds": 2, "text": " second \n line\u0007 "},
    {"startSeconds": 0, "text": "first"},
    {"startSeconds": 3, "durationSeconds": 1, "text": " \t"},
]
SAID = [(0, 0, "first"), (7.5, 2, "second line")]
REFUSED_SEGMENTS: Mapping[str, tuple[Sequence[Json], Sequence[str], str]] = {
    "none": ([], [], "REQUIRED"),
    "blank": ([{"startSeconds": 0, "text": " "}], [], "REQUIRED"),
    "no words": ([{"startSeconds": 0, "text": "... - ?!"}], [], "REQUIRED"),
    "before": ([SEGMENTS[1], {"startSeconds": -1, "text": "x"}], ["1", "startSeconds"], "OUT_OF_RANGE"),
    "after": ([{"startSeconds": limits.VIDEO_SECONDS + 1, "text": "x"}], ["0", "startSeconds"], "OUT_OF_RANGE"),
    "backwards": (
        [{"startSeconds": 1, "durationSeconds": -0.1, "text": "x"}],
        ["0", "durationSeconds"],
        "OUT_OF_RANGE",
    ),
    "long": ([{"startSeconds": 1, "text": "x" * 2_001}], ["0", "text"], "TOO_LONG"),
}


async def tasks_of(server: Server, video_id: str) -> dict[str, str]:
    statement = select(Task.kind, Task.status).where(Task.key == str(row_id(video_id)), Task.lane == "videos")
    async with server.services.database.read() as reader:
        return dict(await reader.all(statement))


async def counts(server: Server) -> tuple[int, ...]:
    async with server.services.database.read() as reader:
        tables = (Video, VideoAddition, TranscriptSubmission)
        found = [await reader.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
        return (*found, await reader.scalar(select(func.count()).where(Task.lane == "videos")) or 0)


async def test_a_new_video_comes_with_its_transcript(idle_server: Server) -> None:
    user = await idle_server.user()
    result = await submit(user, f"https://youtu.be/{ID}", segments=SEGMENTS)
    assert result["__typename"] == "TranscriptSubmitSuccess"
    video = result["video"]
    assert (video["youtubeId"], video["transcriptSource"]) == (ID, "USER")
    assert video["processing"] == {
        "transcript": {"state": "READY", "attempts": 0, "error": None},
        "summary": {"state": "PENDING"},
    }
    assert await said_in(idle_server, video["id"]) == SAID
    assert await tasks_of(idle_server, video["id"]) == {
        KINDS[Part.METADATA]: "PENDING",
        KINDS[Part.SUMMARY]: "PENDING",
    }
    added = await user.execute("{ viewer { user { videos(filter: {relation: ADDED}) { nodes { id } } } } }")
    assert added.data["viewer"]["user"]["videos"]["nodes"] == [{"id": video["id"]}]


async def test_what_is_being_fetched_is_given_up(idle_server: Server) -> None:
    user, other = await idle_server.user(), await idle_server.user()
    video_id = (await other.execute(ADD)).data["videoAdd"]["video"]["id"]
    assert (await submit(user, ID, text="Hello there."))["__typename"] == "TranscriptSubmitSuccess"
    assert await tasks_of(idle_server, video_id) == {
        KINDS[Part.METADATA]: "PENDING",
        KINDS[Part.TRANSCRIPT]: "CANCELLED",
        KINDS[Part.SUMMARY]: "PENDING",
    }


async def test_only_who_brought_it_brings_a_better_one(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    video_id = (await submit(ada, ID, segments=SEGMENTS))["video"]["id"]
    before = await counts(idle_server)
    refused = await submit(bob, ID, text="Something else.")
    assert (refused["__typename"], refused["video"]["id"]) == ("TranscriptExists", video_id)
    assert await counts(idle_server) == before
    assert await said_in(idle_server, video_id) == SAID
    again = await submit(ada, ID, segments=[{"startSeconds": 1, "durationSeconds": 1, "text": "better"}])
    assert again["__typename"] == "TranscriptSubmitSuccess"
    assert await said_in(idle_server, video_id) == [(1, 1, "better")]
    assert (await submit(bob, ID, text="Something else."))["__typename"] == "TranscriptExists"


async def test_what_somebody_brought_whose_account_is_gone_anybody_may_replace(idle_server: Server) -> None:
    ada, bob, eve = [await idle_server.user() for _ in range(3)]
    await submit(ada, ID, segments=SEGMENTS)
    async with idle_server.services.database.write() as tx:
        await tx.execute(deletion.delete_user(await user_id_of(ada)))
    better = await submit(bob, ID, text="Something better.")
    assert better["__typename"] == "TranscriptSubmitSuccess"
    assert [one.text for one in await segments_of(idle_server, better["video"]["id"])] == ["Something better."]
    assert (await submit(eve, ID, text="Something else."))["__typename"] == "TranscriptExists"


@ONE_ENGINE
async def test_a_sample_has_one(idle_server: Server) -> None:
    user = await idle_server.user()
    refused = await submit(user, "sample-tide", text="Mine.")
    assert (refused["__typename"], refused["video"]["transcriptSource"]) == ("TranscriptExists", "SAMPLE")


async def test_of_many_at_once_one_wins(idle_server: Server) -> None:
    users = [await idle_server.user() for _ in range(8)]
    results = await asyncio.gather(
        *(submit(user, ID, segments=[{"startSeconds": n, "text": f"by {n}"}]) for n, user in enumerate(users))
    )
    (winner,) = [n for n, result in enumerate(results) if result["__typename"] == "TranscriptSubmitSuccess"]
    assert {result["__typename"] for n, result in enumerate(results) if n != winner} == {"TranscriptExists"}
    video_id = results[winner]["video"]["id"]
    assert [one.text for one in await segments_of(idle_server, video_id)] == [f"by {winner}"]
    async with idle_server.services.database.read() as reader:
        owners = await reader.all(select(TranscriptSubmission.user_id))
    assert [owner for (owner,) in owners] == [await user_id_of(users[winner])]


@ONE_ENGINE
@pytest.mark.parametrize("case", REFUSED_SEGMENTS)
async def test_segments_that_cannot_be(idle_server: Server, case: str) -> None:
    segments, path, code = REFUSED_SEGMENTS[case]
    before = await counts(idle_server)
    refused = await submit(await idle_server.user(), ID, segments=segments)
    (problem,) = refused["problems"]
    assert (problem["path"], problem["code"]) == (["source", "segments", *path], code)
    assert await counts(idle_server) == before


@ONE_ENGINE
async def test_a_source_is_exactly_one(idle_server: Server) -> None:
    user = await idle_server.user()
    wrongs: Sequence[Json] = (
        {},
        {"text": "x", "segments": []},
        {"text": None},
        {"segments": [{"text": "no start"}]},
    )
    for wrong in wrongs:
        answer = await user.execute(SUBMIT, input={"video": {"youtube": ID}, "source": wrong})
        assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"BAD_USER_INPUT"}, wrong


FILES = {
    "vtt": b"\xef\xbb\xbfWEBVTT\r\n\r\nNOTE no text\r\n\r\n1\r\n00:01.000 --> 00:02.500 align:start\r\n<v Ann>Hi &amp; bye\r\n",
    "srt": b"1\n00:00:01,000 --> 00:00:02,500\n<i>Hi &amp; bye</i>\n",
    "json": json.dumps([{"text": "Hi & bye", "start": 1, "duration": 1.5}]).encode("utf-16"),
    "whisper": json.dumps({"segments": [{"text": " Hi & bye", "start": 1, "end": 2.5}]}).encode(),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_file_is_read_by_what_is_in_it(idle_server: Server, name: str) -> None:
    user = await idle_server.user()
    upload_id = await upload(user, FILES[name], "application/octet-stream")
    result = await submit(user, ID, uploadId=upload_id)
    assert await said_in(idle_server, result["video"]["id"]) == [(1, 1.5, "Hi & bye")]
    again = await submit(user, ID, uploadId=upload_id)
    assert again == {"__typename": "NotFound", "message": "Upload not found."}


@ONE_ENGINE
async def test_a_file_that_is_none_is_used_up(idle_server: Server) -> None:
    user = await idle_server.user()
    for content, said in (
        (b"\x89PNG\r\n\xff", "no text"),
        (b'{"segments": 7}', "no list of segments"),
        (b'[{"text": "x"}]', "Segment 1 does not say when it begins"),
        (b"WEBVTT\n\n00:01 --> never\nx\n", "Line 3"),
        (b'[{"text": "x", "start": 1}, {"text": "y", "start": -1}]', "Segment 1: A time"),
        (b"\n \n", "must say something"),
    ):
        upload_id = await upload(user, content, "text/plain")
        refused = await submit(user, ID, uploadId=upload_id)
        (problem,) = refused["problems"]
        assert problem["path"] == ["source", "uploadId"]
        assert said in problem["message"]
        assert (await submit(user, ID, uploadId=upload_id))["__typename"] == "NotFound"
    async with idle_server.services.database.read() as reader:
        assert [state for (state,) in await reader.all(select(Upload.state).distinct())] == ["CLAIMED"]
        assert await reader.scalar(select(func.count()).select_from(Video)) == 3


@ONE_ENGINE
async def test_an_upload_of_another_or_for_something_else(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    upload_id = await upload(ada, FILES["srt"])
    assert (await submit(bob, ID, uploadId=upload_id))["__typename"] == "NotFound"
    assert (await submit(bob, ID, uploadId="nonsense"))["__typename"] == "NotFound"
    assert (await submit(ada, ID, uploadId=upload_id))["__typename"] == "TranscriptSubmitSuccess"


@ONE_ENGINE
async def test_where_there_is_one_the_upload_stays(idle_server: Server) -> None:
    user = await idle_server.user()
    upload_id = await upload(user, FILES["srt"])
    assert (await submit(user, "sample-tide", uploadId=upload_id))["__typename"] == "TranscriptExists"
    assert (await submit(user, ID, uploadId=upload_id))["__typename"] == "TranscriptSubmitSuccess"


@ONE_ENGINE
async def test_what_is_announced_for_a_transcript_has_its_size(idle_server: Server) -> None:
    user = await idle_server.user()
    announce = """mutation Announce($input: UploadCreateInput!) { uploadCreate(input: $input) {
      __typename ... on InvalidInput { problems { code message } } } }"""
    announced = {"purpose": "TRANSCRIPT", "filename": "a.srt", "contentType": "application/x-subrip"}
    for size, kind in ((limits.TRANSCRIPT_BYTES, "UploadCreateSuccess"), (limits.TRANSCRIPT_BYTES + 1, "InvalidInput")):
        answer = await user.execute(announce, input=announced | {"sizeBytes": size})
        assert answer.data["uploadCreate"]["__typename"] == kind
    answer = await user.execute(announce, input=announced | {"sizeBytes": 9, "contentType": "image/png"})
    assert answer.data["uploadCreate"]["problems"][0]["message"] == "The file must be SRT, VTT, JSON or plain text."


async def test_the_longest_transcript_is_kept(idle_server: Server) -> None:
    user = await idle_server.user()
    cues = [{"text": f"cue number {n} é", "start": n} for n in range(limits.TRANSCRIPT_SEGMENTS)]
    result = await submit(user, ID, uploadId=await upload(user, json.dumps(cues).encode(), "application/json"))
    assert len(await segments_of(idle_server, result["video"]["id"])) == limits.TRANSCRIPT_SEGMENTS
    other = await upload(user, json.dumps([*cues, {"text": "one more", "start": 0}]).encode(), "application/json")
    assert (await submit(user, ID, uploadId=other))["problems"][0]["code"] == "TOO_LONG"


@ONE_ENGINE
async def test_nobody_else_brings_one(idle_server: Server) -> None:
    before = await counts(idle_server)
    for caller in (idle_server.guest(), idle_server.nobody):
        answer = await caller.execute(SUBMIT, input={"video": {"youtube": ID}, "source": {"text": "Hello."}})
        assert answer.code == "UNAUTHENTICATED"
    assert await counts(idle_server) == before


@ONE_ENGINE
async def test_a_link_to_nothing_and_an_id_of_none(idle_server: Server) -> None:
    user = await idle_server.user()
    refused = await submit(user, "nonsense", text="Hello.")
    assert [problem["path"] for problem in refused["problems"]] == [["video", "youtube"]]
    sources: tuple[Json, ...] = ({"text": " \n "}, {"text": "\0"}, {"segments": []})
    for source in sources:
        both = (await submit(user, "nonsense", **source))["problems"]
        assert [problem["path"] for problem in both] == [["video", "youtube"], ["source", *source]]
    given = await upload(user, b" ")
    unread = (await submit(user, "nonsense", uploadId=given))["problems"]
    assert [problem["path"] for problem in unread] == [["video", "youtube"]]
    assert (await submit(user, ID, uploadId=given))["problems"][0]["path"] == ["source", "uploadId"]
    answer = await user.execute(SUBMIT, input={"video": {"id": "VmlkZW86OTk5OTk5"}, "source": {"text": "Hello."}})
    assert answer.data["transcriptSubmit"] == {"__typename": "NotFound", "message": "Video not found."}


async def follow(client: Client, video_id: str, told: asyncio.Event) -> list[str]:
    document = """subscription Follow($id: ID!) { videoReadiness(videoId: $id) { __typename
      ... on VideoUpdate { video { processing { transcript { state } } } } } }"""
    async with client.socket() as socket:
        async for event in socket.subscribe(document, id=video_id):
            told.set()
            step = event
            if step["__typename"] == "VideoUpdate":
                return [step["video"]["processing"]["transcript"]["state"]]
    return []


async def test_watchers_are_told(idle_server: Server) -> None:
    user = await idle_server.user()
    video_id = (await user.execute(ADD)).data["videoAdd"]["video"]["id"]
    begun = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(follow(idle_server.guest(), video_id, begun))
        await begun.wait()
        await submit(user, ID, text="Hello.")
    assert watching.result() == ["READY"]


@ONE_ENGINE
async def test_bringing_is_paced(settings: Settings) -> None:
    changes = {"rate_limit_videos": "2/minute", "rate_limit_enabled": True}
    paced = Settings.model_validate(settings.model_dump() | changes)
    async with serving(paced, work=False) as server:
        user = await server.user()
        answers = [
            await user.execute(SUBMIT, input={"video": {"youtube": ID}, "source": {"text": "Hello."}}) for _ in range(3)
        ]
    assert [answer.code if "errors" in answer.body else None for answer in answers] == [None, None, "RATE_LIMITED"]
