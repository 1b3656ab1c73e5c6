"""YOUTUBE_COOKIES: both libraries send them, and a file that is none is a clear failure."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.doctor import examine
from services.settings import Settings
from services.youtube.access import Access
from services.youtube.cookies import CookiesUnreadable, read_cookies
from services.youtube.failures import SourceCode, SourceError
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts
from tests.servers.youtube import FakeVideo, FakeYouTube
from tests.services.youtube.processing_stage import ProcessingStage

ID = "aaaaaaaaaaa"
FILE = """# Netscape HTTP Cookie File
# made by hand

.youtube.com\tTRUE\t/\tTRUE\t4102444800\tSAPISID\tone
#HttpOnly_.youtube.com\tTRUE\t/\tTRUE\t4102444800\tLOGIN_INFO\ttwo
.youtube.com\tTRUE\t/\tFALSE\t0\tsession\tthree
.example.com\tTRUE\t/\tFALSE\t0\tother\tfour
"""
GARBLED = {
    "": "without a cookie",
    "# Netscape HTTP Cookie File\n": "without a cookie",
    "secret": "line 1 has not the 7 fields",
    f"{FILE}a\tb\tc\n": "line 8 has not the 7 fields",
    ".youtube.com\tTRUE\t/\tTRUE\tsoon\tname\tsecret": "line 1 has an expiry that is no number",
    ".youtube.com\tTRUE\t/\tTRUE\tinf\tname\tsecret": "line 1 has an expiry that is no number",
}


@pytest.fixture
def cookies(tmp_path: Path) -> Path:
    path = tmp_path / "cookies.txt"
    path.write_text(FILE)
    return path


def write(path: Path, content: str) -> None:
    path.write_text(content)


def is_untouched(path: Path) -> bool:
    return path.read_text() == FILE


@pytest.mark.asyncio
async def test_both_libraries_send_them(youtube: FakeYouTube, access: Access, cookies: Path) -> None:
    youtube.videos[ID] = FakeVideo()
    signed_in = replace(access, cookies=cookies)
    assert [one.text for one in await Transcripts(signed_in).fetch(ID)] == ["Hello."]
    assert len(youtube.cookies) == 3
    details = await Metadata(signed_in).fetch(ID)
    assert (details["title"], details["uploader"], details["like_count"]) == ("Why bees dance", "Bees at Work", 8765)
    assert len(youtube.cookies) == 5
    for sent in youtube.cookies:
        found = dict(pair.split("=", 1) for pair in re.split("; ", sent))
        assert (found["SAPISID"], found["LOGIN_INFO"], found["session"]) == ("one", "two", "three")
        assert "other" not in found
    assert is_untouched(cookies)


@pytest.mark.asyncio
async def test_without_a_file_there_are_none(youtube: FakeYouTube, access: Access) -> None:
    youtube.videos[ID] = FakeVideo()
    await Transcripts(access).fetch(ID)
    await Metadata(access).fetch(ID)
    assert "SAPISID" not in "".join(youtube.cookies)


@pytest.mark.parametrize("content", GARBLED)
def test_a_file_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(content)
    with pytest.raises(CookiesUnreadable, match=GARBLED[content]) as failure:
        read_cookies(path)
    assert "secret" not in str(failure.value)


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(CookiesUnreadable, match="cannot be read"):
        read_cookies(tmp_path / "missing")
    with pytest.raises(CookiesUnreadable, match="cannot be read"):
        read_cookies(tmp_path)
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CookiesUnreadable, match="no text"):
        read_cookies(path)


@pytest.mark.asyncio
async def test_the_fetch_fails_and_the_worker_goes_on(stage: ProcessingStage, cookies: Path) -> None:
    stage.youtube.videos[ID] = FakeVideo()
    write(cookies, "garbled")
    broken = replace(stage, access=replace(stage.access, cookies=cookies))
    video_id = await broken.add(ID)
    with capture_logs() as logs:
        async with broken.working():
            await broken.until_states(video_id, METADATA=("FAILED", 1), TRANSCRIPT=("FAILED", 1))
            assert {row.error_code for row in (await broken.parts(video_id)).values()} == {"COOKIES_UNREADABLE", None}
            write(cookies, FILE)
            await broken.add(ID)
            await broken.until_states(video_id, METADATA=("READY", 1), TRANSCRIPT=("READY", 1))
    assert "youtube.cookies_unreadable" in {entry["event"] for entry in logs}
    assert stage.youtube.requests != []


@pytest.mark.asyncio
async def test_a_failure_names_its_code(access: Access, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failure:
        await Metadata(replace(access, cookies=tmp_path / "missing")).fetch(ID)
    assert (failure.value.code, failure.value.retryable) == (SourceCode.COOKIES_UNREADABLE, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_the_doctor_looks_at_them(settings: Settings, cookies: Path, tmp_path: Path) -> None:
    async def findings(path: Path) -> list[tuple[bool, str]]:
        changed = settings.model_copy(update={"youtube_cookies": path})
        return [(one.is_fine, one.text) async for one in examine(changed) if "YOUTUBE_COOKIES" in one.text]

    assert await findings(cookies) == [(True, "YouTube is asked with the cookies of YOUTUBE_COOKIES (4).")]
    ((is_fine, text),) = await findings(tmp_path / "missing")
    assert not is_fine
    assert "cannot be read" in text
