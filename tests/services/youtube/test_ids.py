import pytest

from db.sessions import Sessions
from services.errors import InvalidInput, ProblemCode
from services.videos.videos import VideoRef, VideoService
from services.youtube.ids import UnusableLinkError, embed_url, parse_video_id, thumbnail_url, watch_url

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"  {ID}\n",
        f"https://www.youtube.com/watch?v={ID}",
        f"http://youtube.com/watch?v={ID}",
        f"youtube.com/watch?v={ID}",
        f"//youtube.com/watch?v={ID}",
        f"www.youtube.com/watch?v={ID}",
        f"https://m.youtube.com/watch?v={ID}",
        f"https://music.youtube.com/watch?v={ID}",
        f"https://youtube.com:443/watch?v={ID}",
        f"HTTPS://WWW.YouTube.com/watch?v={ID}",
        f"https://youtu.be/{ID}",
        f"youtu.be/{ID}?si=abc&t=42",
        f"https://www.youtube.com/shorts/{ID}",
        f"https://www.youtube.com/live/{ID}",
        f"https://www.youtube.com/embed/{ID}",
    ],
)
def test_accepted_forms(text: str) -> None:
    assert parse_video_id(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        f"https://www.youtube.com/shorts/{ID}/more/path",
        f"https://youtu.be/{ID}/more",
        f"https://www.youtube.com/watch?app=desktop&v={ID}&t=10s#part",
        f"https://www.youtube.com/watch?v={ID}&v=AAAAAAAAAAA",
        f"https://www.youtube.com/embed/{ID}?start=5#x",
    ],
)
def test_what_follows_the_id_does_not_count(text: str) -> None:
    assert parse_video_id(text) == ID


def test_any_word_of_eleven_letters_is_an_id() -> None:
    assert parse_video_id("not-a-video") == "not-a-video"
    assert _refusal("not-a-video-id") is ProblemCode.INVALID_FORMAT


@pytest.mark.parametrize(
    "text",
    [
        f"https://www.youtube.com/watch?v={ID}&list=PL123",
        "https://www.youtube.com/playlist?list=PL123",
        "list=PL1234",
        "list=aaaaaa",  # 11 characters
        "https://example.org/?list=1",
    ],
)
def test_a_playlist_is_refused_first(text: str) -> None:
    assert _refusal(text) is ProblemCode.PLAYLIST


@pytest.mark.parametrize(
    "text",
    [
        f"https://www.youtube.com/watch?v={ID}&list=PL123&index=2",
        f"https://www.youtube.com/watch?list=PL123&v={ID}",
        f"youtu.be/{ID}?list=PL123",
        f"//m.youtube.com/watch?v={ID}&list=",
    ],
)
def test_a_video_of_a_playlist_counts_where_that_is_accepted(text: str) -> None:
    assert parse_video_id(text, accept_playlist_links=True) == ID
    assert _refusal(text) is ProblemCode.PLAYLIST


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/playlist?list=PL123",
        f"https://www.youtube.com/playlist?list=PL123&v={ID}",
        "https://www.youtube.com/watch?list=PL123",
        "https://www.youtube.com/watch?v=short&list=PL123",
        "https://www.youtube.com/embed/videoseries?list=PL123",  # 11 letters
        "https://www.youtube.com/EMBED/videoseries?list=PL123",
        f"https://example.org/watch?v={ID}&list=PL123",
        "youtu.be/?list=PL123",
        "list=aaaaaa",
        "https://[youtube.com/watch?list=",
    ],
)
def test_a_bare_playlist_never_does(text: str) -> None:
    with pytest.raises(UnusableLinkError) as refusal:
        parse_video_id(text, accept_playlist_links=True)
    assert refusal.value.code is ProblemCode.PLAYLIST


@pytest.mark.parametrize("text", ["", "   ", "\t\n"])
def test_nothing_is_told_apart_from_something_wrong(text: str) -> None:
    assert _refusal(text) is ProblemCode.REQUIRED


@pytest.mark.parametrize(
    "text",
    [
        "short",
        f"{ID}x",
        "dQw4w9WgXc\N{LATIN SMALL LETTER E WITH ACUTE}",
        "dQw4w9 gXcQ",
        f"https://www.youtube.com/watch/?v={ID}",
        "https://www.youtube.com/watch?v=",
        "https://www.youtube.com/watch",
        f"https://www.youtube.com/v/{ID}",
        f"https://www.youtube.com/{ID}",
        "https://www.youtube.com/shorts/",
        f"https://www.youtube-nocookie.com/embed/{ID}",
        f"https://notyoutube.com/watch?v={ID}",
        f"https://youtube.com.evil.example/watch?v={ID}",
        f"https://youtube.com@evil.example/watch?v={ID}",
        f"https://evil.example/youtube.com/watch?v={ID}",
        f"https:/youtube.com/watch?v={ID}",
        f"ftp://youtube.com/watch?v={ID}",
        f"javascript://youtube.com/watch?v={ID}",
        f"https://[youtube.com/watch?v={ID}",
        "https://",
        "\x00",
    ],
)
def test_other_words_and_links_are_refused(text: str) -> None:
    assert _refusal(text) is ProblemCode.INVALID_FORMAT


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "nonsense", f"https://youtube.com/watch?v={ID}&list=1"])
async def test_a_service_refuses_it_as_input(sessions: Sessions, text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await VideoService(sessions).find(VideoRef(youtube=text))
    assert [problem.path for problem in refusal.value.problems] == [("by", "youtube")]
    assert refusal.value.problems[0].code is _refusal(text)


def test_links_are_made_of_an_id() -> None:
    assert watch_url(ID) == f"https://www.youtube.com/watch?v={ID}"
    assert watch_url(ID, 83.9) == f"https://www.youtube.com/watch?v={ID}&t=83s"
    assert embed_url(ID) == f"https://www.youtube.com/embed/{ID}"
    assert thumbnail_url(ID) == f"https://i.ytimg.com/vi/{ID}/hqdefault.jpg"
    assert parse_video_id(watch_url(ID, 5)) == parse_video_id(embed_url(ID)) == ID


def _refusal(text: str) -> ProblemCode:
    with pytest.raises(UnusableLinkError) as refusal:
        parse_video_id(text)
    assert refusal.value.message.endswith(".")
    return refusal.value.code
