"""`Video.transcript` by words and around a moment; where it comes from."""

import pytest

from services.validation import Checks
from services.videos.segments import GivenSegment, clean
from tests.client import Answer, Client, Json
from tests.resolvers.stored import StoredVideo, store, user_id_of
from tests.resolvers.submitting import submit
from tests.server import Server
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

ID = "dQw4w9WgXcQ"
READ = """
query Read($youtube: String!, $first: Int! = 100, $after: String, $words: String, $around: Float) {
  video(by: {youtube: $youtube}) { transcriptSource
    transcript(first: $first, after: $after, query: $words, aroundSeconds: $around) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { text startSeconds }
    }
  }
}
"""


async def ask(client: Client, youtube: str = ID, **arguments: object) -> Answer:
    return await client.execute(READ, youtube=youtube, **arguments)


async def read(client: Client, youtube: str = ID, **arguments: object) -> Json:
    found: Json = (await ask(client, youtube, **arguments)).data["video"]["transcript"]
    return found


def starts(page: Json) -> list[float]:
    return [node["startSeconds"] for node in page["nodes"]]


async def bring(server: Server, *texts: str) -> Client:
    user = await server.user()
    segments = [{"startSeconds": at, "durationSeconds": 1, "text": text} for at, text in enumerate(texts)]
    assert (await submit(user, ID, segments=segments))["__typename"] == "TranscriptSubmitSuccess"
    return user


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("dance", [0]),
        ("DANC", [0, 2]),
        ("ance", []),
        ("bees dance", [0]),
        ("dance bees", [0]),
        ("cafe", [1]),
        ("CAFÉ", [1]),
        ("stra\u00dfe", [3]),
        ("strasse", [3]),
        ("\u0928\u092e", [4]),
        ("don't", [1]),
        ("dont", [1]),
        ("100%", [5]),
        ("under_score", [5]),
        ("%", [0, 1, 2, 3, 4, 5]),
        ("_", [0, 1, 2, 3, 4, 5]),
        ("  ", [0, 1, 2, 3, 4, 5]),
        ("", [0, 1, 2, 3, 4, 5]),
        (None, [0, 1, 2, 3, 4, 5]),
    ],
)
async def test_cues_are_found_by_how_their_words_begin(
    idle_server: Server, query: str | None, found: list[int]
) -> None:
    texts = ("Bees dance.", "Don't, in the Café", "dancing alone", "die Straße", "नमस्ते", "100 per cent, under score")
    user = await bring(idle_server, *texts)
    page = await read(user, words=query)
    assert starts(page) == found
    assert page["totalCount"] == len(found)


async def test_what_is_found_comes_in_pages(idle_server: Server) -> None:
    user = await bring(idle_server, *(f"{'even' if at % 2 == 0 else 'odd'} {at}" for at in range(9)))
    first = await read(user, first=3, words="even")
    assert (starts(first), first["totalCount"]) == ([0, 2, 4], 5)
    assert first["pageInfo"]["hasNextPage"]
    rest = await read(user, first=3, words="even", after=first["pageInfo"]["endCursor"])
    assert (starts(rest), rest["totalCount"]) == ([6, 8], 5)
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_search_has_its_length(idle_server: Server) -> None:
    user = await idle_server.user()
    assert (await ask(user, "sample-tide", words="x" * 200)).data
    answer = await ask(user, "sample-tide", words="x" * 201)
    (problem,) = answer.error["extensions"]["details"]["problems"]
    assert (answer.code, problem["path"], problem["code"]) == ("BAD_USER_INPUT", ["query"], "TOO_LONG")


@pytest.mark.parametrize(
    ("around", "first", "seen", "before", "after"),
    [
        (50, 5, [48, 49, 50, 51, 52], True, True),
        (50.9, 5, [48, 49, 50, 51, 52], True, True),
        (50, 4, [48, 49, 50, 51], True, True),
        (50, 1, [50], True, True),
        (0, 5, [0, 1, 2, 3, 4], False, True),
        (1, 5, [0, 1, 2, 3, 4], False, True),
        (-7, 3, [0, 1, 2], False, True),
        (2, 5, [0, 1, 2, 3, 4], False, True),
        (3, 5, [1, 2, 3, 4, 5], True, True),
        (99, 5, [97, 98, 99], True, False),
        (1e300, 5, [97, 98, 99], True, False),
        (50, 100, [*range(100)], False, False),
    ],
)
async def test_a_page_begins_around_a_moment(
    idle_server: Server, around: float, first: int, seen: list[int], *, before: bool, after: bool
) -> None:
    video = StoredVideo(segments=100)
    await store(idle_server, video)
    user = await idle_server.user()
    page = await read(user, video.youtube_id, first=first, around=around)
    assert starts(page) == seen
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (before, after)
    assert page["totalCount"] == 100
    beyond = await read(user, video.youtube_id, first=2, around=around, after=page["pageInfo"]["endCursor"])
    assert starts(beyond) == [*range(100)][seen[-1] + 1 : seen[-1] + 3]


async def test_around_a_moment_among_what_is_found(idle_server: Server) -> None:
    user = await bring(idle_server, *(f"{'even' if at % 2 == 0 else 'odd'} {at}" for at in range(40)))
    page = await read(user, first=3, words="odd", around=20)
    assert starts(page) == [17, 19, 21]
    assert page["totalCount"] == 20
    none = await read(user, first=3, words="neither", around=20)
    assert none == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "nodes": [],
    }


@pytest.mark.parametrize("around", ["null", "9"])
async def test_many_transcripts_are_read_together(idle_server: Server, around: str) -> None:
    videos = [StoredVideo(segments=length) for length in (0, 5, 20, 40)]
    user = await idle_server.user()
    await store(idle_server, *videos, added_by=await user_id_of(user))
    page = f'transcript(first: 3, query: "cu", aroundSeconds: {around}) {{ totalCount nodes {{ startSeconds }} }}'
    async with count_statements(idle_server.services.database._engines) as statements:
        answer = await user.execute(
            f"{{ viewer {{ user {{ videos(filter: {{relation: ADDED}}, orderBy: {{field: CREATED_AT, direction: ASC}}) "
            f"{{ nodes {{ {page} }} }} }} }} }}"
        )
    pages = [video["transcript"] for video in answer.data["viewer"]["user"]["videos"]["nodes"]]
    assert [page["totalCount"] for page in pages] == [0, 5, 20, 40]
    expected = [[], [0, 1, 2], [0, 1, 2], [0, 1, 2]] if around == "null" else [[], [3, 4], [8, 9, 10], [8, 9, 10]]
    assert [starts(page) for page in pages] == expected
    assert len([one for one in statements if "transcript_segments" in one]) == 2  # the pages, and the counts


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_where_a_transcript_comes_from(idle_server: Server) -> None:
    user = await bring(idle_server, "Hello.")
    assert (await ask(user)).data["video"]["transcriptSource"] == "USER"
    assert (await ask(user, "sample-tide")).data["video"]["transcriptSource"] == "SAMPLE"
    silent = StoredVideo()
    await store(idle_server, silent)
    assert (await ask(user, silent.youtube_id)).data["video"]["transcriptSource"] is None


async def test_stored_words_are_those_that_are_looked_for() -> None:
    """Composed and decomposed letters come to the same."""
    checks = Checks()
    (segment,) = clean(checks, [GivenSegment(text=" cafe\u0301 \n ", start_seconds=1)])
    assert segment.text == "cafe\u0301"
