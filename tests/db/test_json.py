"""JSON comes back as it went in, on both engines."""

import pytest
from sqlalchemy import func, insert, select

from db.models.tables import Event, Video
from db.sessions import Sessions

VALUES: dict[str, object] = {
    "text": 'Wörter, 字幕, 🎬, "quoted", back\\slash, \n and \u2028',
    "numbers": [0, -1, 2**53, 0.1, -1.5e-7],
    "nothing": None,
    "truth": [True, False],
    "nested": {"a": [{"b": {"c": []}}], "": {}},
}


@pytest.mark.asyncio
async def test_values_come_back(sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        await transaction.execute(insert(Event).values(topic="t", seq=1, type="changed", data=VALUES))

    async with sessions.read() as reader:
        assert await reader.scalar(select(Event.data)) == VALUES


@pytest.mark.asyncio
async def test_none_is_null(sessions: Sessions) -> None:
    async with sessions.write() as transaction:
        await transaction.execute(insert(Video).values({Video.youtube_id: "none", Video.details: None}))

    missing = select(func.count()).where(Video.youtube_id == "none", Video.details.is_(None))
    async with sessions.read() as reader:
        assert await reader.scalar(missing) == 1
