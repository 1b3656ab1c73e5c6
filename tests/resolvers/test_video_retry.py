"""`videoRetry`: a part that failed is scheduled anew, once."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from db.models.tables import Task, Video, VideoPart
from services.settings import Settings
from services.videos.processing import KINDS, Part
from tests.client import Answer, Client, Json
from tests.conditions import until
from tests.resolvers.stored import row_id
from tests.resolvers.submitting import said_in, submit
from tests.server import Server, serving
from tests.servers.youtube import Captions, Cue, FakeVideo, FakeYouTube, Fault, youtube

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ID = "dQw4w9WgXcQ"
SPOKEN = FakeVideo(captions=(Captions(cues=(Cue(start=0, duration=2, text="Bees dance."),)),))
ADD = 'mutation { videoAdd(input: {video: {youtube: "dQw4w9WgXcQ"}}) { ... on VideoAddSuccess { video { id } } } }'
PARTS = "processing { metadata { ...Part } transcript { ...Part } summary { ...Part } }"
FRAGMENT = "fragment Part on ProcessingPart { state attempts error { code message } }"
RETRY = f"""mutation Retry($input: VideoRetryInput!) {{ videoRetry(input: $input) {{ __typename
  ... on VideoRetrySuccess {{ video {{ {PARTS} }} }} ... on NotFound {{ message }} }} }} {FRAGMENT}"""
LOOK = f"query Look($id: ID!) {{ video(by: {{id: $id}}) {{ transcriptSource {PARTS} }} }} {FRAGMENT}"
PENDING = {"state": "PENDING", "attempts": 0, "error": None}


async def ask(client: Client, video_id: str, part: Part) -> Answer:
    return await client.execute(RETRY, input={"id": video_id, "part": part.value})


async def retry(client: Client, video_id: str, part: Part) -> Json:
    """The state of all parts."""
    result: Json = (await ask(client, video_id, part)).data["videoRetry"]
    assert result["__typename"] == "VideoRetrySuccess"
    parts: Json = result["video"]["processing"]
    return parts


async def add(client: Client) -> str:
    video_id: str = (await client.execute(ADD)).data["videoAdd"]["video"]["id"]
    return video_id


async def fail(server: Server, video_id: str, *parts: Part) -> None:
    """As a worker does after its last try."""
    async with server.services.database.write() as tx:
        for part in parts:
            task = update(Task).where(Task.kind == KINDS[part], Task.key == str(row_id(video_id)))
            await tx.execute(task.values(status="DEAD"))
            row = update(VideoPart).where(VideoPart.video_id == row_id(video_id), VideoPart.part == part)
            await tx.execute(row.values(state="FAILED", attempts=3, error_code="BLOCKED", error_message="No."))


async def tasks(server: Server, part: Part) -> list[str]:
    async with server.services.database.read() as reader:
        found = await reader.all(select(Task.status).where(Task.kind == KINDS[part]).order_by(Task.id))
    return [status for (status,) in found]


@pytest.mark.parametrize("part", [Part.METADATA, Part.TRANSCRIPT])
async def test_what_failed_is_scheduled_anew(idle_server: Server, part: Part) -> None:
    user = await idle_server.user()
    video_id = await add(user)
    await fail(idle_server, video_id, Part.METADATA, Part.TRANSCRIPT)
    parts = await retry(user, video_id, part)
    assert parts[part.lower()] == PENDING
    (other,) = {Part.METADATA, Part.TRANSCRIPT} - {part}
    assert parts[other.lower()]["state"] == "FAILED"
    assert await tasks(idle_server, part) == ["DEAD", "PENDING"]
    assert await tasks(idle_server, other) == ["DEAD"]


async def test_a_summary_without_a_transcript_wants_that_first(idle_server: Server) -> None:
    user = await idle_server.user()
    video_id = await add(user)
    await fail(idle_server, video_id, Part.TRANSCRIPT)
    parts = await retry(user, video_id, Part.SUMMARY)
    assert (parts["transcript"], parts["summary"]) == (PENDING, PENDING)
    assert (await tasks(idle_server, Part.TRANSCRIPT), await tasks(idle_server, Part.SUMMARY)) == (
        ["DEAD", "PENDING"],
        [],
    )


async def test_a_summary_that_failed(idle_server: Server) -> None:
    user = await idle_server.user()
    video_id = (await submit(user, ID, text="Hello."))["video"]["id"]
    await fail(idle_server, video_id, Part.SUMMARY)
    assert (await retry(user, video_id, Part.SUMMARY))["summary"] == PENDING
    assert await tasks(idle_server, Part.SUMMARY) == ["DEAD", "PENDING"]


async def test_fifty_at_once_make_one_task(idle_server: Server) -> None:
    user = await idle_server.user()
    video_id = await add(user)
    await fail(idle_server, video_id, Part.TRANSCRIPT)
    states = await asyncio.gather(*(retry(user, video_id, Part.TRANSCRIPT) for _ in range(50)))
    assert [parts["transcript"] for parts in states] == [PENDING] * 50
    assert await tasks(idle_server, Part.TRANSCRIPT) == ["DEAD", "PENDING"]


@ONE_ENGINE
@pytest.mark.parametrize("state", ["PENDING", "RUNNING"])
async def test_what_is_under_way_stays_so(idle_server: Server, state: str) -> None:
    user = await idle_server.user()
    video_id = await add(user)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Task).where(Task.kind == KINDS[Part.TRANSCRIPT]).values(status=state))
        mine = update(VideoPart).where(VideoPart.video_id == row_id(video_id), VideoPart.part == Part.TRANSCRIPT)
        await tx.execute(mine.values(state=state, attempts=2))
    parts = await retry(user, video_id, Part.TRANSCRIPT)
    assert parts["transcript"] == {"state": state, "attempts": 2, "error": None}
    assert await tasks(idle_server, Part.TRANSCRIPT) == [state]


@ONE_ENGINE
@pytest.mark.parametrize("part", list(Part))
async def test_what_is_there_stays_and_samples_do(idle_server: Server, part: Part) -> None:
    user = await idle_server.user()
    sample = (await user.execute('{ video(by: {youtube: "sample-tide"}) { id } }')).data["video"]["id"]
    ready = {"state": "READY", "attempts": 0, "error": None}
    assert (await retry(user, sample, part))[part.lower()] == ready
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Video).values(is_sample=False))
    assert (await retry(user, sample, part))[part.lower()] == ready
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Video).values(is_sample=True, details=None, transcript_available=False, summary=None))
    await retry(user, sample, part)
    assert [await tasks(idle_server, each) for each in Part] == [[], [], []]


@ONE_ENGINE
async def test_an_unknown_video_and_callers_who_may_not(idle_server: Server) -> None:
    user = await idle_server.user()
    for unknown in ("nonsense", "VmlkZW86OTk5OTk5"):
        assert (await ask(user, unknown, Part.SUMMARY)).data["videoRetry"]["__typename"] == "NotFound"
    video_id = await add(user)
    await fail(idle_server, video_id, Part.TRANSCRIPT)
    for caller in (idle_server.guest(), idle_server.nobody):
        assert (await ask(caller, video_id, Part.TRANSCRIPT)).code == "UNAUTHENTICATED"
    assert await tasks(idle_server, Part.TRANSCRIPT) == ["DEAD"]


@pytest.fixture
def fake() -> Iterator[FakeYouTube]:
    with youtube() as running:
        yield running


@pytest_asyncio.fixture
async def fetching(settings: Settings, fake: FakeYouTube) -> AsyncGenerator[Server]:
    async with serving(settings.model_copy(update={"youtube_origin": fake.origin})) as server:
        yield server


async def until_transcript(client: Client, video_id: str, state: str, *, source: str | None) -> Json:
    """How the part then is."""

    async def look() -> Json:
        video: Json = (await client.execute(LOOK, id=video_id)).data["video"]
        return video

    async def reached() -> bool:
        video = await look()
        return (video["processing"]["transcript"]["state"], video["transcriptSource"]) == (state, source)

    await until(reached, seconds=30)
    part: Json = (await look())["processing"]["transcript"]
    return part


@pytest.mark.parametrize(
    ("video", "code"),
    [
        (FakeVideo(captions=None), "DISABLED"),
        (FakeVideo(captions=(Captions(language="de"),)), "NO_TRANSCRIPT"),
        (FakeVideo(refused="removed"), "VIDEO_UNAVAILABLE"),
        (FakeVideo(refused="private"), "VIDEO_UNAVAILABLE"),
    ],
)
async def test_why_it_failed_is_seen_and_a_retry_helps(
    fetching: Server, fake: FakeYouTube, video: FakeVideo, code: str
) -> None:
    user = await fetching.user()
    fake.videos[ID] = video
    video_id = await add(user)
    failed = await until_transcript(user, video_id, "FAILED", source=None)
    assert (failed["attempts"], failed["error"]["code"]) == (1, code)
    assert failed["error"]["message"].endswith(".")
    fake.videos[ID] = SPOKEN
    await retry(user, video_id, Part.TRANSCRIPT)
    assert await until_transcript(user, video_id, "READY", source="YOUTUBE") == PENDING | {
        "state": "READY",
        "attempts": 1,
    }


@ONE_ENGINE
@pytest.mark.parametrize("fault", [Fault.CAPTCHA, Fault.TOO_MANY_REQUESTS])
async def test_a_block_is_seen_while_it_waits(fetching: Server, fake: FakeYouTube, fault: Fault) -> None:
    user = await fetching.user()
    fake.videos[ID] = FakeVideo(fault=fault)
    video_id = await add(user)

    async def blocked() -> bool:
        part = (await user.execute(LOOK, id=video_id)).data["video"]["processing"]["transcript"]
        return (part["state"], part["attempts"], _code(part)) == ("PENDING", 1, "BLOCKED")

    await until(blocked, seconds=30)


async def test_what_is_fetched_takes_the_place_of_what_a_user_brought(fetching: Server, fake: FakeYouTube) -> None:
    user, other = await fetching.user(), await fetching.user()
    video_id = (await submit(user, ID, text="Bees sing."))["video"]["id"]
    await retry(other, video_id, Part.TRANSCRIPT)

    # Nothing comes, and what was brought stays.
    async def refused() -> bool:
        part = (await user.execute(LOOK, id=video_id)).data["video"]["processing"]["transcript"]
        return _code(part) == "VIDEO_UNAVAILABLE"

    await until(refused, seconds=30)
    await until_transcript(user, video_id, "READY", source="USER")
    assert [text for _, _, text in await said_in(fetching, video_id)] == ["Bees sing."]
    fake.videos[ID] = SPOKEN
    await retry(other, video_id, Part.TRANSCRIPT)
    await until_transcript(user, video_id, "READY", source="YOUTUBE")
    assert [text for _, _, text in await said_in(fetching, video_id)] == ["Bees dance."]
    assert (await submit(user, ID, text="Mine again."))["__typename"] == "TranscriptExists"


async def test_what_is_brought_while_it_is_fetched_stays(fetching: Server, fake: FakeYouTube) -> None:
    user = await fetching.user()
    fake.videos[ID] = FakeVideo(fault=Fault.SILENCE)
    video_id = await add(user)
    await until_transcript(user, video_id, "RUNNING", source=None)
    await submit(user, ID, text="Bees sing.")
    fake.videos[ID] = SPOKEN

    async def over() -> bool:
        return await tasks(fetching, Part.TRANSCRIPT) == ["CANCELLED"]

    await until(over, seconds=30)
    assert await until_transcript(user, video_id, "READY", source="USER") == PENDING | {"state": "READY"}
    assert [text for _, _, text in await said_in(fetching, video_id)] == ["Bees sing."]


async def test_a_failure_after_one_was_brought_is_not_shown(fetching: Server, fake: FakeYouTube) -> None:
    user = await fetching.user()
    fake.videos[ID] = FakeVideo(fault=Fault.SILENCE)
    video_id = await add(user)
    await until_transcript(user, video_id, "RUNNING", source=None)
    await submit(user, ID, text="Bees sing.")
    fake.videos[ID] = FakeVideo(captions=None)

    async def over() -> bool:
        return await tasks(fetching, Part.TRANSCRIPT) == ["CANCELLED"]

    await until(over, seconds=30)
    assert await until_transcript(user, video_id, "READY", source="USER") == PENDING | {"state": "READY"}


@ONE_ENGINE
async def test_retrying_is_paced(settings: Settings) -> None:
    changes = {"rate_limit_videos": "2/minute", "rate_limit_enabled": True}
    async with serving(Settings.model_validate(settings.model_dump() | changes), work=False) as server:
        user = await server.user()
        answers = [await ask(user, "VmlkZW86MQ", Part.SUMMARY) for _ in range(3)]
    assert [answer.code if "errors" in answer.body else None for answer in answers] == [None, None, "RATE_LIMITED"]


def _code(part: Json) -> str | None:
    """Why the last try failed."""
    return part["error"]["code"] if part["error"] else None
