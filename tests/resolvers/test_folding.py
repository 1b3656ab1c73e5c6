"""Texts are folded for the search in threads, and of signs that stand for many others no more than there is time for."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import pytest

from db import search_words
from db.search_words import MOST_SIGNS
from tests.notes import take
from tests.resolvers.submitting import submit, upload
from tests.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ID = "dQw4w9WgXcQ"
SEARCH = "query($query: String!) { search(query: $query) { nodes { snippet } } }"
MANY = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"
"""Stands for eighteen signs."""


class Folded:
    signs = 0
    """By the thread that answers everybody."""


@contextmanager
def counting() -> Generator[Folded]:
    folded, code = Folded(), search_words._signs.__code__

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is code:
            folded.signs += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield folded
    finally:
        sys.setprofile(before)


async def test_snippets_are_made_in_a_thread(idle_server: Server) -> None:
    user = await idle_server.user()
    for text in ("зебра " + "привет мир " * 800, f"зебра {MANY * 9_000}"):
        await take(user, text=text)
    with counting() as folded:
        found = (await user.execute(SEARCH, query="зебра")).data["search"]["nodes"]
    assert [hit["snippet"].startswith("зебра ") for hit in found] == [True, True]
    assert folded.signs < 100, "the query alone"


async def test_a_note_is_folded_no_further_than_so_many_signs(idle_server: Server) -> None:
    user = await idle_server.user()
    with counting() as folded:
        await take(user, text=MANY * 10_000)
    assert 0 < folded.signs <= MOST_SIGNS + 1


async def test_a_transcript_is_folded_in_a_thread(idle_server: Server) -> None:
    user = await idle_server.user()
    with counting() as folded:
        taken = await submit(user, ID, uploadId=await upload(user, ("привет мир. " * 10_000).encode(), "text/plain"))
    assert taken["__typename"] == "TranscriptSubmitSuccess"
    assert folded.signs == 0


@pytest.mark.parametrize("characters", [340_000, 1_600_000])
async def test_a_transcript_that_explodes_is_refused_and_its_file_used_up(idle_server: Server, characters: int) -> None:
    user = await idle_server.user()
    file = await upload(user, (MANY * characters).encode(), "text/plain")
    with counting() as folded:
        refused = await submit(user, ID, uploadId=file)
    assert [(one["path"], one["code"]) for one in refused["problems"]] == [(["source", "uploadId"], "TOO_LONG")]
    assert folded.signs == 0
    assert (await submit(user, ID, uploadId=file))["__typename"] == "NotFound"
    assert (await user.execute('{ video(by: {youtube: "dQw4w9WgXcQ"}) { id } }')).data["video"] is None
