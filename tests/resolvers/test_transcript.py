"""`Video.transcript`: cues in their order, in pages."""

import pytest

from tests.client import Client, Json
from tests.resolvers.stored import StoredVideo, store
from tests.server import Server

pytestmark = pytest.mark.asyncio

READ = """
query Read($youtube: String!, $first: Int! = 100, $after: String) { video(by: {youtube: $youtube}) {
  transcript(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { text } } nodes { text startSeconds durationSeconds }
  }
} }
"""


async def read(client: Client, youtube: str, **arguments: object) -> Json:
    found: Json = (await client.execute(READ, youtube=youtube, **arguments)).data["video"]["transcript"]
    return found


async def test_cues_come_in_their_order(idle_server: Server) -> None:
    video, silent = StoredVideo(segments=501), StoredVideo()
    await store(idle_server, video, silent, StoredVideo(segments=2))
    viewer = await idle_server.user()  # who may ask for 500 nodes and their edges at once
    texts = [f"cue {number}" for number in range(501)]

    default = await read(viewer, video.youtube_id)
    assert [cue["text"] for cue in default["nodes"]] == texts[:100]
    assert default["nodes"][7] == {"text": "cue 7", "startSeconds": 7.0, "durationSeconds": 1.0}
    assert default["totalCount"] == 501

    largest = await read(viewer, video.youtube_id, first=500)
    assert [cue["text"] for cue in largest["nodes"]] == texts[:500]
    assert largest["pageInfo"]["hasNextPage"]
    assert largest["pageInfo"]["endCursor"] == largest["edges"][499]["cursor"]
    rest = await read(viewer, video.youtube_id, after=largest["pageInfo"]["endCursor"])
    assert [cue["text"] for cue in rest["nodes"]] == texts[500:]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    middle = await read(viewer, video.youtube_id, first=3, after=largest["edges"][250]["cursor"])
    assert [edge["node"]["text"] for edge in middle["edges"]] == texts[251:254]

    assert await read(viewer, silent.youtube_id) == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
        "nodes": [],
    }


async def test_one_place_in_several_transcripts(idle_server: Server) -> None:
    """Each parent gets its own page, though they are read together."""
    lengths = (0, 3, 5, 9)
    videos = [StoredVideo(segments=length) for length in lengths]
    await store(idle_server, *videos)
    viewer = idle_server.guest()
    after = (await read(viewer, videos[3].youtube_id, first=3))["pageInfo"]["endCursor"]
    fields = "\n".join(
        f'v{number}: video(by: {{youtube: "{video.youtube_id}"}}) {{ ...Page }}' for number, video in enumerate(videos)
    )
    fragment = "transcript(first: 2, after: $after) { totalCount pageInfo { hasNextPage } nodes { text } }"
    answer = await viewer.execute(
        f"query All($after: String) {{ {fields} }} fragment Page on Video {{ {fragment} }}", after=after
    )
    pages = [video["transcript"] for video in answer.data.values()]
    assert [[cue["text"] for cue in page["nodes"]] for page in pages] == [
        [],
        [],
        ["cue 3", "cue 4"],
        ["cue 3", "cue 4"],
    ]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [False, False, False, True]
    assert [page["totalCount"] for page in pages] == list(lengths)


async def test_a_sample_has_hundreds_of_cues_without_overlap(idle_server: Server) -> None:
    cues = (await read(await idle_server.user(), "sample-tide", first=500))["nodes"]
    assert len(cues) >= 100
    starts = [cue["startSeconds"] for cue in cues]
    assert starts == sorted(starts)
    assert all(cue["durationSeconds"] > 0 and cue["text"] for cue in cues)
