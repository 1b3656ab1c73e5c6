"""`video`, `sampleVideos` and `videoAdd`, and what a video tells of itself."""

import pytest
from sqlalchemy import func, select, update

from db.models.tables import Task, Video, VideoAddition
from tests.client import Client, Json
from tests.resolvers.stored import StoredVideo, row_id, store
from tests.server import Server

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ID = "dQw4w9WgXcQ"
FIND = """
query Find($by: VideoRef!) { video(by: $by) {
  id youtubeId url embedUrl thumbnailUrl title channel durationSeconds viewCount likeCount uploadedAt metadata summary
  suggestedQuestions isReady isSample createdAt
  processing { metadata { ...Part } transcript { ...Part } summary { ...Part } }
} }
fragment Part on ProcessingPart { state attempts error { code message } updatedAt }
"""
ADD = """
mutation Add($input: VideoAddInput!) { videoAdd(input: $input) {
  __typename
  ... on VideoAddSuccess { video { id youtubeId title isReady processing { metadata { state } transcript { state } } } }
  ... on UserError { message }
  ... on InvalidInput { problems { path code } }
} }
"""
ADDED = "{ viewer { user { videos(filter: {relation: ADDED}) { totalCount nodes { youtubeId } } } } }"


async def find(client: Client, **by: object) -> Json | None:
    found: Json | None = (await client.execute(FIND, by=by)).data["video"]
    return found


async def look_at(client: Client, video: StoredVideo) -> Json:
    found = await find(client, youtube=video.youtube_id)
    assert found is not None
    return found


async def add(client: Client, **input_: object) -> Json:
    result: Json = (await client.execute(ADD, input=input_)).data["videoAdd"]
    return result


async def count_of(server: Server, table: type[Video | VideoAddition]) -> int:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(table)) or 0


async def fetches(server: Server) -> list[tuple[str, str, dict[str, object]]]:
    """The kind, the key and the payload of the tasks for videos."""
    async with server.services.database.read() as reader:
        tasks = select(Task.kind, Task.key, Task.payload).where(Task.lane == "videos").order_by(Task.kind)
        return [(kind, key, payload) for kind, key, payload in await reader.all(tasks)]


ACCEPTED = (
    ID,
    f"  {ID}\n",
    f"https://www.youtube.com/watch?v={ID}",
    f"http://youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YOUTUBE.COM/watch?v={ID}",
    f"youtube.com/watch?v={ID}",
    f"//youtube.com/watch?v={ID}",
    f"www.youtube.com/watch?v={ID}",
    f"m.youtube.com/watch?v={ID}",
    f"https://music.youtube.com/watch?v={ID}&feature=share",
    f"https://www.youtube.com/watch?t=10&v={ID}&v=AAAAAAAAAAA#part",
    f"https://youtu.be/{ID}",
    f"youtu.be/{ID}?si=abc&t=42",
    f"https://youtu.be/{ID}/more",
    f"https://www.youtube.com/shorts/{ID}",
    f"https://www.youtube.com/live/{ID}?feature=share",
    f"https://www.youtube.com/embed/{ID}/more/path?start=5",
)
REFUSED = {
    "": "REQUIRED",
    " \t\n": "REQUIRED",
    f"https://www.youtube.com/watch?v={ID}&list=PL123": "PLAYLIST",
    "https://www.youtube.com/playlist?list=PL123": "PLAYLIST",
    "list=aaaaaa": "PLAYLIST",
    "not-a-video-id": "INVALID_FORMAT",
    "short": "INVALID_FORMAT",
    f"{ID}x": "INVALID_FORMAT",
    "dQw4w9WgXc\u00e9": "INVALID_FORMAT",
    "dQw4w9WgXc\0": "INVALID_FORMAT",
    "dQw4w9WgXc\ud800": "INVALID_FORMAT",
    "%27 OR 1=1": "INVALID_FORMAT",
    "x" * 100_000: "INVALID_FORMAT",
    f"https://www.youtube.com/watch/?v={ID}": "INVALID_FORMAT",
    f"https://www.youtube.com/v/{ID}": "INVALID_FORMAT",
    f"https://www.youtube.com/{ID}": "INVALID_FORMAT",
    "https://www.youtube.com/shorts/": "INVALID_FORMAT",
    f"https://www.youtube-nocookie.com/embed/{ID}": "INVALID_FORMAT",
    f"https://notyoutube.com/watch?v={ID}": "INVALID_FORMAT",
    f"https://youtube.com.evil.example/watch?v={ID}": "INVALID_FORMAT",
    f"https://youtube.com@evil.example/watch?v={ID}": "INVALID_FORMAT",
    f"https:/youtube.com/watch?v={ID}": "INVALID_FORMAT",
    f"ftp://youtube.com/watch?v={ID}": "INVALID_FORMAT",
    "https://[youtube.com/": "INVALID_FORMAT",
}


@ONE_ENGINE
async def test_a_video_goes_by_its_id_and_by_every_link_to_it(idle_server: Server) -> None:
    user = await idle_server.user()
    found = set[str]()
    for reference in ACCEPTED:
        added = await add(user, video={"youtube": reference})
        assert added["__typename"] == "VideoAddSuccess", reference
        looked_up = await find(user, youtube=reference)
        assert looked_up is not None
        assert looked_up["youtubeId"] == added["video"]["youtubeId"] == ID
        found |= {looked_up["id"], added["video"]["id"]}
    assert len(found) == 1
    assert await count_of(idle_server, Video) == 4
    assert (await user.execute(ADDED)).data["viewer"]["user"]["videos"]["totalCount"] == 1
    by_id = await find(user, id=found.pop())
    assert by_id is not None
    assert by_id["youtubeId"] == ID


@ONE_ENGINE
async def test_a_link_to_anything_else_is_refused(idle_server: Server) -> None:
    user = await idle_server.user()
    for reference, code in REFUSED.items():
        refused = await add(user, video={"youtube": reference})
        assert refused["problems"] == [{"path": ["video", "youtube"], "code": code}], reference[:80]
        assert refused["message"].endswith(".")
        answer = await user.execute(FIND, by={"youtube": reference})
        (problem,) = answer.error["extensions"]["details"]["problems"]
        assert answer.code == "BAD_USER_INPUT"
        assert (problem["path"], problem["code"]) == (["by", "youtube"], code)
    assert await count_of(idle_server, Video) == 3
    assert await fetches(idle_server) == []


@ONE_ENGINE
async def test_a_reference_is_exactly_one_name(idle_server: Server) -> None:
    user = await idle_server.user()
    for wrong in (
        None,
        {},
        {"id": None},
        {"youtube": None},
        {"id": None, "youtube": ID},
        {"id": "VmlkZW86MQ", "youtube": ID},
        {"url": ID},
        {"youtube": 7},
        {"youtube": [ID]},
        ID,
    ):
        for document, variables in ((FIND, {"by": wrong}), (ADD, {"input": {"video": wrong}})):
            answer = await user.execute(document, **variables)
            assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"BAD_USER_INPUT"}, wrong
    for literal in (f'{{youtube: "{ID}", id: "x"}}', "{}", "{youtube: null}", "{youtube: dQw4w9WgXcQ}", f'"{ID}"'):
        answer = await user.execute(f"{{ video(by: {literal}) {{ id }} }}")
        assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"BAD_USER_INPUT"}, literal


async def test_a_video_nobody_met_is_null_and_stays_unknown(idle_server: Server) -> None:
    user = await idle_server.user()
    me = (await user.execute("{ viewer { user { id } } }")).data["viewer"]["user"]["id"]
    assert await find(user, youtube=ID) is None
    for unknown in (
        "",
        "nonsense",
        "VmlkZW86OTk5OTk5",
        "VmlkZW86OTIyMzM3MjAzNjg1NDc3NTgwNw",
        me,
        "\0",
        "\ud800",
        "VmlkZW86MA",
    ):
        assert await find(user, id=unknown) is None, unknown
    assert await count_of(idle_server, Video) == 3


@ONE_ENGINE
async def test_guests_look_and_nobody_else_does(idle_server: Server) -> None:
    guest = idle_server.guest()
    assert await find(guest, youtube="sample-tide") is not None
    assert (await idle_server.nobody.execute(FIND, by={"youtube": "sample-tide"})).code == "UNAUTHENTICATED"
    assert (await idle_server.nobody.execute("{ sampleVideos { id } }")).code == "UNAUTHENTICATED"
    answer = await guest.execute(ADD, input={"video": {"youtube": ID}})
    assert (answer.code, answer.body["data"]) == ("UNAUTHENTICATED", None)
    assert await count_of(idle_server, Video) == 3


async def test_the_samples_are_lectures_of_ours(idle_server: Server) -> None:
    answer = await idle_server.guest().execute("{ sampleVideos { youtubeId isSample isReady url embedUrl } }")
    samples = answer.data["sampleVideos"]
    assert {sample.pop("youtubeId") for sample in samples} == {"sample-tide", "sample-heat", "sample-text"}
    assert samples == [{"isSample": True, "isReady": True, "url": None, "embedUrl": None}] * 3
    tide = await find(idle_server.guest(), youtube="sample-tide")
    assert tide is not None
    assert tide["title"]
    assert tide["channel"]
    assert tide["durationSeconds"] > 600
    assert tide["thumbnailUrl"] is None
    assert tide["metadata"]["title"] == tide["title"]
    assert 200 <= len(tide["summary"]) <= 800
    assert len(set(tide["suggestedQuestions"])) == 3
    ready = {"state": "READY", "attempts": 0, "error": None}
    for part in tide["processing"].values():
        assert part.pop("updatedAt").endswith("+00:00")
        assert part == ready


async def test_adding_makes_a_video_ones_own_and_fetches_it(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    added = await add(ada, video={"youtube": ID}, title="  Ada's name ")
    pending = {"state": "PENDING"}
    assert added["video"] | {"id": ""} == {
        "id": "",
        "youtubeId": ID,
        "title": "Ada's name",
        "isReady": False,
        "processing": {"metadata": pending, "transcript": pending},
    }
    assert await add(ada, video={"youtube": ID}, title="Another") == added
    assert await add(bob, video={"id": added["video"]["id"]}, title="Bob's name") == added
    for user in (ada, bob):
        videos = (await user.execute(ADDED)).data["viewer"]["user"]["videos"]
        assert videos == {"totalCount": 1, "nodes": [{"youtubeId": ID}]}
    video_id = row_id(added["video"]["id"])
    assert await fetches(idle_server) == [
        (kind, str(video_id), {"videoId": video_id}) for kind in ("fetch_metadata", "fetch_transcript")
    ]


@ONE_ENGINE
async def test_a_title_has_its_length(idle_server: Server) -> None:
    user = await idle_server.user()
    assert (await add(user, video={"youtube": ID}, title=" "))["video"]["title"] is None
    assert (await add(user, video={"youtube": ID}, title="x" * 301))["problems"] == [
        {"path": ["title"], "code": "TOO_LONG"}
    ]
    assert (await add(user, video={"youtube": "nonsense"}, title="x" * 301))["problems"] == [
        {"path": ["video", "youtube"], "code": "INVALID_FORMAT"},
        {"path": ["title"], "code": "TOO_LONG"},
    ]
    assert (await add(user, video={"youtube": ID}, title="nu\0l"))["problems"] == [
        {"path": ["title"], "code": "INVALID_CHARACTER"}
    ]
    assert (await add(user, video={"youtube": ID}, title="x" * 300))["video"]["title"] == "x" * 300


@ONE_ENGINE
async def test_an_unknown_id_cannot_be_added(idle_server: Server) -> None:
    user = await idle_server.user()
    for unknown in ("", "nonsense", "VmlkZW86OTk5OTk5"):
        assert await add(user, video={"id": unknown}) == {"__typename": "NotFound", "message": "Video not found."}
    assert await count_of(idle_server, VideoAddition) == 0


async def test_what_is_known_of_a_video_is_told(idle_server: Server) -> None:
    details: dict[str, object] = {
        "title": "Why bees dance",
        "uploader": "Bees at Work",
        "duration": 615,
        "view_count": 5_000_000_000,
        "like_count": 8765,
        "upload_date": "20240314",
        "tags": ["bees", {"nested": None}],
    }
    known, odd = StoredVideo(details=details), StoredVideo(details={"title": 7, "uploader": [], "duration": "long"})
    unknown = StoredVideo(title="Ours")
    await store(idle_server, known, odd, unknown)
    guest = idle_server.guest()

    video = await look_at(guest, known)
    link = f"https://www.youtube.com/watch?v={known.youtube_id}"
    assert video["metadata"] == details
    assert (video["title"], video["channel"]) == ("Why bees dance", "Bees at Work")
    assert (video["durationSeconds"], video["viewCount"], video["likeCount"]) == (615, 5_000_000_000, 8765)
    assert (video["uploadedAt"], video["url"]) == ("2024-03-14T00:00:00+00:00", link)
    assert video["embedUrl"] == f"https://www.youtube.com/embed/{known.youtube_id}"
    assert video["thumbnailUrl"] == f"https://i.ytimg.com/vi/{known.youtube_id}/hqdefault.jpg"
    assert (video["isSample"], video["isReady"], video["summary"]) == (False, False, None)

    named = ("title", "channel", "durationSeconds", "viewCount", "likeCount", "uploadedAt", "suggestedQuestions")
    assert [(await look_at(guest, odd))[name] for name in named] == [None] * 7
    video = await look_at(guest, unknown)
    assert [video[name] for name in named] == ["Ours", *[None] * 6]
    assert video["metadata"] is None
    parts = video["processing"].values()
    assert [part["state"] for part in parts] == ["PENDING"] * 3
    assert [part["updatedAt"] for part in parts] == [None] * 3


async def test_a_video_is_ready_once_all_its_parts_are_there(idle_server: Server) -> None:
    video = StoredVideo()
    (video_id,) = await store(idle_server, video)
    guest = idle_server.guest()
    changes: tuple[dict[str, object], ...] = ({"details": {}}, {"transcript_available": True}, {"summary": ""})
    for values in changes:
        assert not (await look_at(guest, video))["isReady"]
        async with idle_server.services.database.write() as tx:
            await tx.execute(update(Video).where(Video.id == video_id).values(values))
    ready = await look_at(guest, video)
    assert (ready["isReady"], ready["summary"], ready["metadata"]) == (True, "", {})
    assert [part["state"] for part in ready["processing"].values()] == ["READY"] * 3


@ONE_ENGINE
async def test_three_different_questions_are_suggested_or_none(idle_server: Server) -> None:
    video = StoredVideo()
    (video_id,) = await store(idle_server, video)
    for stored, told in (
        ([" Why? ", "How?", "When?"], ["Why?", "How?", "When?"]),
        (["Why?", "How?"], None),
        (["Why?", "How?", "why? "], None),
        (["Why?", "How?", " "], None),
        (["Why?", "How?", "When?", "Who?"], None),
        ([], None),
    ):
        async with idle_server.services.database.write() as tx:
            await tx.execute(update(Video).where(Video.id == video_id).values(suggested_questions=stored))
        assert (await look_at(idle_server.guest(), video))["suggestedQuestions"] == told
