"""Samples are in the index once, however often they are written."""

import pytest
from sqlalchemy import func, select, update

from db.models.tables import SearchEntry, TranscriptSegment
from db.seed import seed
from db.sessions import Sessions

pytestmark = pytest.mark.asyncio


async def entries(sessions: Sessions) -> list[tuple[object, ...]]:
    statement = select(SearchEntry.video_id, SearchEntry.first_position, SearchEntry.text, func.count())
    order = (SearchEntry.video_id, SearchEntry.first_position, SearchEntry.text)
    async with sessions.read() as reader:
        return [tuple(row) for row in await reader.all(statement.group_by(*order).order_by(*order))]


async def test_seeding_again_doubles_nothing(sessions: Sessions) -> None:
    before = await entries(sessions)
    assert before
    assert {row[-1] for row in before} == {1}
    await seed(sessions)
    assert await entries(sessions) == before
    async with sessions.write() as tx:
        await tx.execute(update(TranscriptSegment).values(text="spoilt"))
    await seed(sessions)
    assert await entries(sessions) == before
