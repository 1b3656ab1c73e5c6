import asyncio
from time import monotonic

import pytest

from services.llm.chat_model import Segment
from services.youtube.access import Access
from services.youtube.failures import SourceCode, SourceError
from services.youtube.transcripts import Transcripts
from tests.servers.ports import free_port
from tests.servers.youtube import Captions, Cue, FakeVideo, FakeYouTube, Fault

ID = "aaaaaaaaaaa"


def segment(start: float, duration: float, text: str) -> Segment:
    return Segment(start_seconds=start, duration_seconds=duration, text=text)


def captions(language: str, *, generated: bool = False) -> Captions:
    """Captions that say which they are."""
    text = f"{'generated' if generated else 'written'} {language}"
    return Captions(language=language, generated=generated, cues=(Cue(start=0, duration=1, text=text),))


async def refusal(youtube: FakeYouTube, access: Access, video: FakeVideo) -> SourceError:
    youtube.videos[ID] = video
    with pytest.raises(SourceError) as failure:
        await Transcripts(access).fetch(ID)
    return failure.value


@pytest.mark.asyncio
async def test_a_transcript_is_fetched(youtube: FakeYouTube, access: Access) -> None:
    cues = (
        Cue(start="0.0", duration="1.54", text="Bees dance &#39;round&#39;"),
        Cue(start="1.54", duration="4", text="  in <i>figures</i>\n of\u00a0eight "),
    )
    youtube.videos[ID] = FakeVideo(captions=(Captions(cues=cues),))
    assert await Transcripts(access).fetch(ID) == [
        segment(0, 1.54, "Bees dance 'round'"),
        segment(1.54, 4, "in figures of eight"),
    ]
    assert youtube.requests == ["/watch", "/youtubei/v1/player", "/api/timedtext"]


@pytest.mark.asyncio
async def test_cues_that_cannot_be_are_left_out(youtube: FakeYouTube, access: Access) -> None:
    cues = (
        Cue(start="9", duration="1", text="late"),
        Cue(start="nan", duration="1", text="never"),
        Cue(start="1", duration="inf", text="for ever"),
        Cue(start="-3", duration="1", text="before"),
        Cue(start="2", duration="-1", text="backwards"),
        Cue(start="3", duration="1", text=" \n "),
    )
    youtube.videos[ID] = FakeVideo(captions=(Captions(cues=cues),))
    assert await Transcripts(access).fetch(ID) == [segment(2, 0, "backwards"), segment(9, 1, "late")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("available", "chosen"),
    [
        ([captions("hi"), captions("en")], "written en"),
        ([captions("hi"), captions("de")], "written hi"),
        ([captions("en", generated=True), captions("en")], "written en"),
        ([captions("hi"), captions("en", generated=True)], "generated en"),
        ([captions("en-US"), captions("en-GB"), captions("en")], "written en"),
        ([captions("en", generated=True), captions("en-GB")], "written en-GB"),
    ],
)
async def test_the_most_wanted_language_is_chosen(
    youtube: FakeYouTube, access: Access, available: list[Captions], chosen: str
) -> None:
    youtube.videos[ID] = FakeVideo(captions=tuple(available))
    assert [each.text for each in await Transcripts(access, ("en", "hi")).fetch(ID)] == [chosen]


@pytest.mark.asyncio
@pytest.mark.parametrize("language", ["de", "eng", "e"])
async def test_no_language_that_we_read(youtube: FakeYouTube, access: Access, language: str) -> None:
    failure = await refusal(youtube, access, FakeVideo(captions=(captions(language),)))
    assert failure.code is SourceCode.NO_TRANSCRIPT


@pytest.mark.asyncio
async def test_a_transcript_without_a_word_is_none(youtube: FakeYouTube, access: Access) -> None:
    for cues in ((), (Cue(start=0, duration=1, text=" "),)):
        failure = await refusal(youtube, access, FakeVideo(captions=(Captions(cues=cues),)))
        assert failure.code is SourceCode.NO_TRANSCRIPT


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("video", "code", "retryable"),
    [
        (FakeVideo(captions=None), SourceCode.DISABLED, False),
        (FakeVideo(captions=()), SourceCode.NO_TRANSCRIPT, False),
        (FakeVideo(refused="removed"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="private"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="age"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="region"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="upcoming"), SourceCode.VIDEO_UNAVAILABLE, False),
        (FakeVideo(refused="bot"), SourceCode.BLOCKED, True),
        (FakeVideo(refused="later"), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.TOO_MANY_REQUESTS), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.FORBIDDEN), SourceCode.BLOCKED, True),
        (FakeVideo(fault=Fault.CAPTCHA), SourceCode.BLOCKED, True),
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


@pytest.mark.asyncio
async def test_all_requests_together_have_a_deadline(youtube: FakeYouTube) -> None:
    hurried = Access(origin=youtube.origin, wait_seconds=5, total_seconds=0.2)
    assert (await refusal(youtube, hurried, FakeVideo(fault=Fault.SILENCE))).code is SourceCode.UNREACHABLE
    youtube.videos[ID] = FakeVideo()


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["origin", "proxy"])
async def test_offline_is_told_at_once(by: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    access = Access(origin=nobody) if by == "origin" else Access(proxy_url=nobody)
    begun = monotonic()
    with pytest.raises(SourceError) as failure:
        await Transcripts(access).fetch(ID)
    assert failure.value.code is SourceCode.UNREACHABLE
    assert monotonic() - begun < 5


@pytest.mark.asyncio
async def test_the_proxies_of_the_environment_do_not_count(
    youtube: FakeYouTube, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    youtube.videos[ID] = FakeVideo()
    assert await Transcripts(access).fetch(ID)


@pytest.mark.asyncio
async def test_many_at_once(youtube: FakeYouTube, access: Access) -> None:
    ids = [f"{number:011}" for number in range(20)]
    for youtube_id in ids:
        cue = Cue(start=0, duration=1, text=youtube_id)
        youtube.videos[youtube_id] = FakeVideo(captions=(Captions(cues=(cue,)),))
    transcripts = Transcripts(access)
    fetched = await asyncio.gather(*(transcripts.fetch(youtube_id) for youtube_id in ids))
    assert [each[0].text for each in fetched] == ids
