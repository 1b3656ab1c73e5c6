import asyncio
import os
from pathlib import Path
from time import monotonic

import pytest

from services.youtube.access import Access
from services.youtube.failures import SourceCode, SourceError
from services.youtube.metadata import Metadata, tidy
from tests.servers.ports import free_port
from tests.servers.youtube import FakeVideo, FakeYouTube, Fault

ID = "aaaaaaaaaaa"


async def refusal(youtube: FakeYouTube, access: Access, video: FakeVideo) -> SourceError:
    youtube.videos[ID] = video
    with pytest.raises(SourceError) as failure:
        await Metadata(access).fetch(ID)
    return failure.value


@pytest.mark.asyncio
async def test_metadata_is_fetched_with_two_requests(youtube: FakeYouTube, access: Access) -> None:
    youtube.videos[ID] = FakeVideo()
    assert await Metadata(access).fetch(ID) == {
        "id": ID,
        "title": "Why bees dance",
        "uploader": "Bees at Work",
        "upload_date": "20240314",
        "duration": 615,
        "view_count": 1_234_567,
        "like_count": 8765,
        "channel_url": "https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx",
        "description": "All about bees.",
        "thumbnail": f"https://i.ytimg.com/vi/{ID}/hqdefault.jpg",
    }
    assert youtube.requests == ["/youtubei/v1/next", "/youtubei/v1/player"]


@pytest.mark.asyncio
async def test_captions_do_not_matter(youtube: FakeYouTube, access: Access) -> None:
    youtube.videos[ID] = FakeVideo(captions=None)
    assert (await Metadata(access).fetch(ID))["title"] == "Why bees dance"


@pytest.mark.asyncio
async def test_what_youtube_does_not_tell_is_none(youtube: FakeYouTube, access: Access) -> None:
    youtube.videos[ID] = FakeVideo(uploaded="", likes="like this video", description="")
    details = await Metadata(access).fetch(ID)
    assert (details["upload_date"], details["like_count"], details["description"]) == (None, None, "")


@pytest.mark.asyncio
async def test_texts_are_cut_and_can_be_stored(youtube: FakeYouTube, access: Access) -> None:
    youtube.videos[ID] = FakeVideo(title="a\x00b\ud800c", description="x" * 6000)
    details = await Metadata(access).fetch(ID)
    assert (details["title"], details["description"]) == ("abc", "x" * 5000)


def test_values_of_other_types_are_none() -> None:
    assert tidy(
        {"title": ["a"], "duration": 1.5, "view_count": True, "like_count": -1, "formats": []}
    ) == dict.fromkeys(
        (
            "id",
            "title",
            "uploader",
            "upload_date",
            "channel_url",
            "description",
            "thumbnail",
            "duration",
            "view_count",
            "like_count",
        )
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("video", "code", "retryable"),
    [
        (FakeVideo(refused="removed"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="private"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="age"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="region"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="upcoming"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="bot"), SourceCode.BLOCKED, True),
        (FakeVideo(refused="later"), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.TOO_MANY_REQUESTS), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.FORBIDDEN), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.HANG_UP), SourceCode.UNREACHABLE, True),
        (FakeVideo(fault=Fault.SERVER_ERROR), SourceCode.FAILED, True),
        (FakeVideo(fault=Fault.GARBAGE), SourceCode.FAILED, True),
        (FakeVideo(fault=Fault.NONSENSE), SourceCode.FAILED, True),
    ],
)
async def test_why_there_is_none(
    youtube: FakeYouTube, access: Access, video: FakeVideo, code: SourceCode, *, retryable: bool
) -> None:
    failure = await refusal(youtube, access, video)
    assert (failure.code, failure.retryable) == (code, retryable)
    assert ID not in failure.message
    assert "127.0.0.1" not in failure.message
    assert failure.message.endswith(".")


@pytest.mark.asyncio
async def test_silence_is_not_endured(youtube: FakeYouTube) -> None:
    impatient = Access(origin=youtube.origin, wait_seconds=0.2)
    begun = monotonic()
    assert (await refusal(youtube, impatient, FakeVideo(fault=Fault.SILENCE))).code is SourceCode.UNREACHABLE
    assert monotonic() - begun < 5
    assert len(youtube.requests) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["origin", "proxy"])
async def test_offline_is_told_at_once(by: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    access = Access(origin=nobody) if by == "origin" else Access(proxy_url=nobody)
    begun = monotonic()
    with pytest.raises(SourceError) as failure:
        await Metadata(access).fetch(ID)
    assert failure.value.code is SourceCode.UNREACHABLE
    assert monotonic() - begun < 5


@pytest.mark.asyncio
async def test_nothing_is_printed_or_written(
    youtube: FakeYouTube,
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):  # which do not count
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    youtube.videos[ID] = FakeVideo()
    assert await Metadata(access).fetch(ID)
    youtube.videos[ID] = FakeVideo(refused="bot")
    with pytest.raises(SourceError):
        await Metadata(access).fetch(ID)
    assert os.listdir(tmp_path) == []  # noqa: PTH208  a Path's would be taken for blocking
    assert capfd.readouterr().err == ""


@pytest.mark.asyncio
async def test_many_at_once(youtube: FakeYouTube, access: Access) -> None:
    ids = [f"{number:011}" for number in range(20)]
    youtube.videos.update({youtube_id: FakeVideo(title=f"Video {youtube_id}") for youtube_id in ids})
    metadata = Metadata(access)
    fetched = await asyncio.gather(*(metadata.fetch(youtube_id) for youtube_id in ids))
    assert [each["title"] for each in fetched] == [f"Video {youtube_id}" for youtube_id in ids]
