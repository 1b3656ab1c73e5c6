"""A lecture of three hours: a remote model gets the passages that fit the question, and cites them beyond an hour."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import insert, select

from db import clock
from db.models.tables import TranscriptSegment, Video
from db.search_index import fold_transcript, index_transcript
from services.llm.chat_model import Segment
from services.llm.prompts import TURN_BUDGET
from services.settings import Settings
from services.videos.timestamps import format_timestamp
from tests.client import Json
from tests.conversations import ask, converse, follow, messages, retry
from tests.provider_keys import keys_set
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import ModelServer
from tests.servers.openrouter import openrouter

pytestmark = pytest.mark.asyncio

YOUTUBE = "three-hours"
PROVIDERS = {"gemini": gemini, "openrouter": openrouter}
BUDGET = 20_000
RULES = 3_000
"""More than there is beside the transcript and the conversation."""
NEEDLE_AT = 2 * 3600 + 17 * 60 + 45
NEEDLE = "The keeper of the lighthouse counted forty-one copper lamps."
TOPICS = ("barley", "granite", "weaving", "canals", "pottery", "orchards", "ferries")


def lecture() -> list[Segment]:
    """A cue every five seconds, about one thing after the other."""
    cues: list[Segment] = []
    for start in range(0, 3 * 3600, 5):
        topic = TOPICS[start // 300 % len(TOPICS)]
        text = NEEDLE if start == NEEDLE_AT else f"And this is what we know about {topic} from year number {start}."
        cues.append(Segment(start_seconds=start, duration_seconds=5, text=text))
    return cues


async def store_lecture(server: Server) -> None:
    cues = lecture()
    async with server.services.database.write() as tx:
        # With a summary, so that the provider is asked for nothing but answers.
        values = {"youtube_id": YOUTUBE, "title": "Three hours", "transcript_available": True, "summary": "Long."}
        video_id = await tx.scalar(insert(Video).values(**values).returning(Video.id))
        assert video_id is not None
        rows = [
            {
                "video_id": video_id,
                "position": position,
                "start_seconds": cue.start_seconds,
                "duration_seconds": cue.duration_seconds,
                "text": cue.text,
            }
            for position, cue in enumerate(cues)
        ]
        await tx.execute(insert(TranscriptSegment), rows)
        created_at = await tx.scalar(select(clock.now()))
        assert created_at is not None
        await index_transcript(tx, video_id, fold_transcript(cues), created_at=created_at)


@asynccontextmanager
async def asked_of(settings: Settings, name: str, *, shared: bool) -> AsyncGenerator[tuple[Server, ModelServer]]:
    """The provider's model answers everybody, or only whoever brings a key."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(PROVIDERS[name]())
        upstream.scripts[:] = [["**Forty-one** [2:17:", "45], as was said [2:17:45, 2:18:30]."]]
        changes: Json = {f"{name}_base_url": upstream.url, "wiz_transcript_characters": BUDGET}
        if shared:
            changes |= {"llm_provider": name, f"{name}_api_key": "the-operators-key"}
        changed = type(settings).model_validate(settings.model_dump() | changes)
        server = await stack.enter_async_context(serving(changed))
        await store_lecture(server)
        yield server, upstream


def instructions_of(name: str, body: Json) -> str:
    if name == "gemini":
        return "".join(part["text"] for part in body["systemInstruction"]["parts"])
    found: str = body["messages"][0]["content"]
    return found


@pytest.mark.parametrize("model", ["shared", "own"])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_the_needle_is_given_and_cited(settings: Settings, name: str, model: str) -> None:
    assert sum(len(cue.text) for cue in lecture()) > 5 * BUDGET
    async with asked_of(settings, name, shared=model == "shared") as (server, upstream):
        client = server.guest() if model == "shared" else await server.user()
        if model == "own":
            await keys_set(client, **{name: "a-key"})
        conversation = await converse(client, YOUTUBE)
        await follow(client, await ask(client, conversation, "What is known about barley?"))
        reply = await ask(client, conversation, "How many lamps did the keeper count?")
        reading = await follow(client, reply)
        assert reading.kinds[-1] == "Done", reading.ending
        await follow(client, (await retry(client, reply))["reply"]["id"])
        first, *later = [asked for asked in upstream.asked if "barley?" in str(asked.body)]
        assert len(later) == 2
        assert NEEDLE not in instructions_of(name, first.body)
        for asked in later:
            told = instructions_of(name, asked.body)
            assert f"{format_timestamp(NEEDLE_AT)} {NEEDLE}" in told
            assert "2:17:40 And" in told, "with its neighbours"
            assert "longer transcript" in told
            assert len(told) < BUDGET + RULES
            assert len(str(asked.body)) < BUDGET + RULES + 2 * TURN_BUDGET
            lines = [line.partition(" ")[0] for line in told.split("\n") if " And this is what we know" in line]
            assert len(lines) > 50
            assert lines == sorted(lines, key=lambda stamp: [len(stamp), stamp])
        for said in (one for one in await messages(client, conversation) if one["replyTo"] is not None):
            cited = [(one["startSeconds"], one["label"]) for one in said["citations"]]
            assert cited == [(NEEDLE_AT, "2:17:45"), (NEEDLE_AT + 45, "2:18:30")]
            assert NEEDLE in said["citations"][0]["quote"]
            assert said["citations"][0]["url"] == f"https://www.youtube.com/watch?v={YOUTUBE}&t={NEEDLE_AT}s"
