"""Links to a video in a playlist, where a setting accepts them: in whatever names a video."""

from collections.abc import Mapping

import pytest

from services.settings import Settings
from tests.client import Client
from tests.server import Server, serving

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]

ID = "dQw4w9WgXcQ"
IN_PLAYLIST = f"https://www.youtube.com/watch?v={ID}&list=PL123"
PLAYLIST = "https://www.youtube.com/playlist?list=PL123"
MUTATIONS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "videoAdd": ("VideoAddInput", {}),
    "noteCreate": ("NoteCreateInput", {"timestamp": "0:10"}),
    "conversationCreate": ("ConversationCreateInput", {}),
    "transcriptSubmit": ("TranscriptSubmitInput", {"source": {"text": "Hello."}}),
}


async def ask(client: Client, mutation: str, link: str) -> str:
    kind, more = MUTATIONS[mutation]
    document = f"mutation Ask($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}"
    answer = await client.execute(document, input={"video": {"youtube": link}, **more})
    name: str = answer.data[mutation]["__typename"]
    return name


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_link_that_names_a_video_counts_as_that_video(settings: Settings, mutation: str) -> None:
    async with serving(settings.model_copy(update={"accept_playlist_links": True}), work=False) as server:
        user = await server.user()
        assert (await ask(user, mutation, IN_PLAYLIST)).endswith("Success")
        found = await user.execute(
            "query Find($by: VideoRef!) { video(by: $by) { youtubeId } }", by={"youtube": IN_PLAYLIST}
        )
        assert found.data["video"] == {"youtubeId": ID}
        assert await ask(user, mutation, PLAYLIST) == "InvalidInput"


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_unless_it_is_set_it_does_not(idle_server: Server, mutation: str) -> None:
    user = await idle_server.user()
    assert await ask(user, mutation, IN_PLAYLIST) == "InvalidInput"
