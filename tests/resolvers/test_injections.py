"""A model that obeys whoever wrote the title, the transcript or the question; nothing comes of it but text that leads nowhere."""

import asyncio
import re
import socket

import pytest
from sqlalchemy import select, update

from db.models.metadata import Base
from db.models.tables import Message, TranscriptSegment, Video
from services.settings import Settings
from tests.client import Client
from tests.conditions import until
from tests.conversations import ask, converse, follow
from tests.resolvers.injections import EVIL, Injection, injections
from tests.resolvers.test_configured_models import Stage, staged
from tests.servers.model_server import Step

pytestmark = pytest.mark.asyncio

LEADS = re.compile(r"://|\]\(|<[a-z/!]|www\.\w", re.IGNORECASE)
LOCAL = re.compile(r"(?:\(')?(?:127\.0\.0\.1|localhost|/)")
MARKER = re.compile(r"<transcript (\w{16})>")
CHANGING = {
    *("messages", "message_citations", "conversations", "quota_counters"),
    *("tasks", "events", "event_topics", "search_entries", "videos", "transcript_segments"),
}
"""What a question and its answer write to, and this test itself; everything else stays as it is."""


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every address that this process connects to or looks up."""
    addresses: list[object] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: object) -> None:
        addresses.append(address)
        connect(self, address)  # type: ignore[arg-type]

    def looking_up(host: object, *rest: object, **named: object) -> object:
        addresses.append(host)
        return look_up(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return addresses


async def kept(stage: Stage) -> dict[str, list[str]]:
    """Every row of what must not change."""
    async with stage.server.services.database.read() as reader:
        return {
            table.name: sorted([str(row) for row in await reader.all(select(table))])
            for table in Base.metadata.sorted_tables
            if table.name not in CHANGING
        }


async def answers(stage: Stage) -> list[str]:
    """Every answer of Wiz, as it is stored."""
    async with stage.server.services.database.read() as reader:
        return [row[0] for row in await reader.all(select(Message.content).where(Message.role == "ASSISTANT"))]


async def place(stage: Stage, injection: Injection) -> str:
    """Put it where it belongs; answers what is asked then."""
    async with stage.server.services.database.write() as tx:
        video = select(Video.id).where(Video.youtube_id == "sample-tide").scalar_subquery()
        if injection.place == "title":
            await tx.execute(update(Video).where(Video.id == video).values(title=injection.order))
        if injection.place == "transcript":
            changed = update(TranscriptSegment).where(TranscriptSegment.video_id == video)
            await tx.execute(changed.where(TranscriptSegment.position == 3).values(text=injection.order))
    return injection.order if injection.place == "question" else "What is this about?"


async def obeyed(stage: Stage, client: Client, conversation: str, injection: Injection) -> tuple[str, str]:
    """(what was streamed, the marker) of an answer that is made when the prompt has been seen."""
    asked_before = len(stage.upstream.asked)
    gate = asyncio.Event()
    steps: list[Step] = [gate, ""]
    stage.upstream.scripts[:] = [steps]
    question = await place(stage, injection)
    reply = await ask(client, conversation, question)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow(client, reply))

        async def is_asked() -> bool:
            return len(stage.upstream.asked) > asked_before

        await until(is_asked)
        body = str(stage.upstream.asked[-1].body)
        found = MARKER.search(body)
        assert found is not None
        marker = found.group(1)
        said = injection.said(marker)
        steps[1:] = [said[start : start + 7] for start in range(0, len(said), 7)]
        gate.set()
    return following.result().text or "", marker


async def test_nothing_comes_of_what_strangers_tell_a_model(settings: Settings, connected: list[object]) -> None:
    many = 40
    async with staged(settings, "gemini", [""], wiz_user_daily_quota=1_000) as stage:
        user = await stage.server.user()
        conversation = await converse(user)
        before, answers_before = await kept(stage), len(await answers(stage))
        markers: set[str] = set()
        for injection in injections(many, EVIL):
            text, marker = await obeyed(stage, user, conversation, injection)
            markers.add(marker)
            assert LEADS.search(text) is None, (injection, text)
        assert await kept(stage) == before
        stored = await answers(stage)
        assert len(stored) == answers_before + many
        assert [marker for marker in markers if marker in " ".join(stored)] == []
        assert [text for text in stored if LEADS.search(text)] == []
        assert len(markers) == len(stage.upstream.asked) == many
    assert [address for address in connected if not LOCAL.match(str(address))] == []
