"""Transcripts brought through the API, as text, as segments and as files."""

from services.llm.chat_model import Segment
from services.videos.transcripts import load_segments
from tests import uploads
from tests.client import Client, Json
from tests.resolvers.stored import row_id
from tests.server import Server

SUBMIT = """
mutation Submit($input: TranscriptSubmitInput!) { transcriptSubmit(input: $input) {
  __typename
  ... on TranscriptSubmitSuccess { video { ...Video } }
  ... on TranscriptExists { message video { ...Video } }
  ... on NotFound { message }
  ... on InvalidInput { message problems { path code message } }
} }
fragment Video on Video {
  id youtubeId transcriptSource summary processing { transcript { state attempts error { code } } summary { state } }
}
"""


async def submit(client: Client, youtube: str, **source: object) -> Json:
    answer = await client.execute(SUBMIT, input={"video": {"youtube": youtube}, "source": source})
    result: Json = answer.data["transcriptSubmit"]
    return result


async def upload(client: Client, content: bytes, content_type: str = "text/vtt") -> str:
    """The id of an upload whose file has arrived."""
    announced = {"purpose": "TRANSCRIPT", "filename": "words", "contentType": content_type, "sizeBytes": len(content)}
    created = await uploads.create(client, **announced)
    response = await created.put(content)
    assert response.is_success, response.text
    return created.id


async def segments_of(server: Server, video_id: str) -> list[Segment]:
    async with server.services.database.read() as reader:
        return await load_segments(reader, row_id(video_id))


async def said_in(server: Server, video_id: str) -> list[tuple[float, float, str]]:
    return [(one.start_seconds, one.duration_seconds, one.text) for one in await segments_of(server, video_id)]
