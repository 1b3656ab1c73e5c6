"""What one user's notes may take from others: their place in the queue, and what the operator pays for."""

import json

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from db.models.tables import Note, QuotaCounter, Task
from services.notes import ai_notes
from services.settings import Settings
from tests.client import Client, Json
from tests.conditions import until
from tests.notes import read, take
from tests.provider_keys import keys_set
from tests.resolvers.stored import StoredVideo, row_id, store, user_id_of
from tests.server import Server, serving
from tests.servers.gemini import gemini
from tests.servers.model_server import ModelServer, Refusal

pytestmark = pytest.mark.asyncio

LINE = json.dumps({"note": "Tides come from a difference in gravity across the Earth."})
MANY = 12


async def delays(server: Server) -> list[float]:
    """In seconds, of each note's task in the order in which the notes were taken."""
    statement = select(Task.run_at, Task.created_at).where(Task.kind == ai_notes.KIND).order_by(Task.id)
    async with server.services.database.read() as reader:
        rows = await reader.all(statement)
    return [round((run_at - created_at).total_seconds(), -1) for run_at, created_at in rows]


async def counted(server: Server) -> list[int]:
    statement = select(QuotaCounter.used).where(QuotaCounter.owner.endswith(":notes")).order_by(QuotaCounter.owner)
    async with server.services.database.read() as reader:
        return [used for (used,) in await reader.all(statement)]


async def at_end(client: Client, note: Json) -> tuple[str, str | None]:
    found = note

    async def is_over() -> bool:
        nonlocal found
        found = await read(client, note["id"]) or {}
        return found.get("aiStatus") != "PENDING"

    await until(is_over)
    return found["aiStatus"], found["text"]


def limited(settings: Settings, upstream: ModelServer, limit: int) -> Settings:
    changes: dict[str, object] = {
        "llm_provider": "gemini",
        "gemini_api_key": SecretStr("the-operators"),
        "gemini_base_url": upstream.url,
        "ai_notes_daily": limit,
    }
    return settings.model_copy(update=changes)


async def test_many_notes_of_one_user_let_those_of_others_pass(idle_server: Server) -> None:
    ada, ben = await idle_server.user(), await idle_server.user()
    for at in range(MANY):
        await take(ada, timestamp=f"1:{at:02}")
    await take(ben)
    spaced = [0.0, 0.0, *(ai_notes.SPACING_SECONDS * number for number in range(1, MANY - 1))]
    assert await delays(idle_server) == [*spaced, 0.0]


async def test_only_notes_that_are_about_to_be_written_delay_the_next(idle_server: Server) -> None:
    """Neither those that are done nor those that wait for a transcript."""
    user = await idle_server.user()
    (video_id,) = await store(idle_server, StoredVideo())
    common = {"user_id": await user_id_of(user), "video_id": video_id, "timestamp": "0:01", "ai_status": "PENDING"}
    async with idle_server.services.database.write() as tx:
        await tx.execute(insert(Note), [common] * MANY)
    for at in range(MANY):
        await take(user, timestamp=f"1:{at:02}")
        async with idle_server.services.database.write() as tx:
            await tx.execute(update(Note).where(Note.video_id != video_id).values(ai_status="READY"))
    assert await delays(idle_server) == [0.0] * MANY


async def test_so_many_notes_a_day_at_the_operators_cost(settings: Settings) -> None:
    async with gemini() as upstream, serving(limited(settings, upstream, 2)) as server:
        upstream.scripts[:] = [[LINE]]
        ada, ben = await server.user(), await server.user()
        with capture_logs() as logs:
            ends = [await at_end(ada, await take(ada, timestamp=f"7:0{at}")) for at in range(4)]
        assert [status for status, _ in ends] == ["READY", "READY", "FAILED", "FAILED"]
        assert len(upstream.asked) == 2
        assert [one["limit"] for one in logs if one["event"] == "note.daily_limit"] == [2, 2]
        assert (await at_end(ben, await take(ben)))[0] == "READY"
        assert await counted(server) == [2, 1]
        # Their own key is not the operator's.
        await keys_set(ada, gemini="a-key-of-their-own")
        assert (await at_end(ada, await take(ada)))[0] == "READY"
        assert await counted(server) == [2, 1]


async def test_none_a_day(settings: Settings) -> None:
    async with gemini() as upstream, serving(limited(settings, upstream, 0)) as server:
        upstream.scripts[:] = [[LINE]]
        user = await server.user()
        assert await at_end(user, await take(user, timestamp="7:03")) == ("FAILED", None)
        assert upstream.asked == []


async def test_what_quotes_costs_nothing(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"ai_notes_daily": 0})) as server:
        user = await server.user()
        assert (await at_end(user, await take(user)))[0] == "READY"
        assert await counted(server) == []


async def test_a_provider_that_is_away_gives_the_note_back(settings: Settings) -> None:
    async with gemini() as upstream, serving(limited(settings, upstream, 1)) as server:
        upstream.scripts[:] = [Refusal(status=503), [LINE]]
        user = await server.user()
        assert (await at_end(user, await take(user)))[0] == "READY"
        assert len(upstream.asked) == 2
        assert await counted(server) == [1]


async def test_the_limit_is_exact_however_many_are_written_at_once(settings: Settings) -> None:
    async with gemini() as upstream, serving(limited(settings, upstream, 5)) as server:
        upstream.scripts[:] = [[LINE]]
        user = await server.user()
        user_id, video_id = await user_id_of(user), row_id((await take(user, text="mine"))["video"]["id"])
        common = {"user_id": user_id, "video_id": video_id, "ai_status": "PENDING"}
        async with server.services.database.write() as tx:
            await tx.execute(insert(Note), [common | {"timestamp": f"7:{at:02}"} for at in range(MANY)])
            assert await ai_notes.dispatch(tx, video_id) == MANY

        async def is_over() -> bool:
            async with server.services.database.read() as reader:
                return not await reader.all(select(Note.id).where(Note.ai_status == "PENDING"))

        await until(is_over)
        async with server.services.database.read() as reader:
            ends = [
                status
                for (status,) in await reader.all(select(Note.ai_status).where(Note.text.is_distinct_from("mine")))
            ]
        assert sorted(ends) == ["FAILED"] * (MANY - 5) + ["READY"] * 5
        assert await counted(server) == [5]
        assert len(upstream.asked) == 5
