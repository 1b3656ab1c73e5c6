"""What a model is told that a video is called."""

import pytest
from sqlalchemy import update

from db.models.tables import Video
from services.settings import Settings
from tests.conversations import ask, converse, follow
from tests.doubles.scripted_model import ScriptedModel
from tests.resolvers.stored import StoredVideo, store
from tests.server import serving

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("title", "details", "told"),
    [
        (None, None, "this video"),
        ("", {"title": ""}, "this video"),
        (None, {"title": 7}, "this video"),
        (None, {"title": "Its own"}, "Its own"),
        ("A user's", {"title": "Its own"}, "A user's"),
    ],
)
async def test_a_video_without_a_title_is_this_video(
    settings: Settings, title: str | None, details: dict[str, object] | None, told: str
) -> None:
    model = ScriptedModel(["An answer."])
    async with serving(settings, model=model) as server:
        video = StoredVideo(title=title, details=details, segments=3)
        await store(server, video)
        async with server.services.database.write() as tx:
            await tx.execute(
                update(Video).values(transcript_available=True).where(Video.youtube_id == video.youtube_id)
            )
        guest = server.guest()
        assert (await follow(guest, await ask(guest, await converse(guest, video.youtube_id)))).text == "An answer."
    assert [request.title for request in model.requests] == [told]
