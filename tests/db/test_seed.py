"""Seeding puts the samples in place, mends them, and leaves alone what is right already."""

import asyncio

import pytest
from sqlalchemy import delete, func, insert, select, update

from db import migrate
from db.engine import open_engines
from db.models.tables import Base, TranscriptSegment, Video, VideoPart
from db.seed import SeedReport, load_samples, seed
from db.sessions import Sessions
from tests.databases import Databases

SAMPLES = load_samples()
TIDE = next(sample for sample in SAMPLES if sample.youtube_id == "sample-tide")
NOTHING_TO_DO = SeedReport(written=0, unchanged=len(SAMPLES))
ONE_TO_MEND = SeedReport(written=1, unchanged=len(SAMPLES) - 1)


async def contents(sessions: Sessions) -> list[list[tuple[object, ...]]]:
    """All that seeding writes, times included."""
    tables: tuple[type[Base], ...] = (Video, VideoPart, TranscriptSegment)
    async with sessions.read(snapshot=True) as reader:
        return [
            [tuple(row) for row in await reader.all(select(table.__table__).order_by(*table.__table__.primary_key))]
            for table in tables
        ]


@pytest.mark.asyncio
async def test_sample_is_a_video_that_is_ready(sessions: Sessions) -> None:
    async with sessions.read() as reader:
        video = await reader.first(select(Video.__table__).where(Video.youtube_id == TIDE.youtube_id))
        assert video is not None
        parts = await reader.all(
            select(VideoPart.part, VideoPart.state, VideoPart.attempts)
            .where(VideoPart.video_id == video.id)
            .order_by(VideoPart.part)
        )
        segments = await reader.all(
            select(TranscriptSegment.start_seconds, TranscriptSegment.duration_seconds, TranscriptSegment.text)
            .where(TranscriptSegment.video_id == video.id)
            .order_by(TranscriptSegment.position)
        )

    assert video.title == TIDE.title
    assert video.metadata == TIDE.details
    assert (video.is_sample, video.transcript_available) == (True, True)
    assert video.summary == TIDE.summary
    assert video.suggested_questions == list(TIDE.suggested_questions)
    assert parts == [("METADATA", "READY", 0), ("SUMMARY", "READY", 0), ("TRANSCRIPT", "READY", 0)]
    assert segments == [(one.start_seconds, one.duration_seconds, one.text) for one in TIDE.segments]


@pytest.mark.asyncio
async def test_seeding_again_touches_nothing(sessions: Sessions) -> None:
    before = await contents(sessions)

    assert await seed(sessions) == NOTHING_TO_DO
    assert await contents(sessions) == before


@pytest.mark.asyncio
async def test_altered_sample_is_mended(sessions: Sessions) -> None:
    before = await contents(sessions)
    its_id = select(Video.id).where(Video.youtube_id == TIDE.youtube_id).scalar_subquery()
    for damage in (
        update(Video).where(Video.id == its_id).values(title="Else", is_sample=False, suggested_questions=None),
        update(VideoPart).where(VideoPart.video_id == its_id, VideoPart.part == "SUMMARY").values(state="FAILED"),
        delete(VideoPart).where(VideoPart.video_id == its_id),
        update(TranscriptSegment).where(TranscriptSegment.video_id == its_id).values(text="Else"),
        delete(TranscriptSegment).where(TranscriptSegment.video_id == its_id, TranscriptSegment.position > 5),
    ):
        async with sessions.write() as transaction:
            assert await transaction.execute(damage) > 0
        assert await seed(sessions) == ONE_TO_MEND
        assert await seed(sessions) == NOTHING_TO_DO

    after = await contents(sessions)
    assert without_times(after) == without_times(before)


def without_times(tables: list[list[tuple[object, ...]]]) -> list[list[tuple[object, ...]]]:
    return [[tuple(value for value in row if not hasattr(value, "tzinfo")) for row in table] for table in tables]


@pytest.mark.asyncio
async def test_video_that_a_user_added_becomes_the_sample(databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url)
        engines = open_engines(url)
        sessions = Sessions(engines, on_commit=lambda _wakeups: None)
        async with sessions.write() as transaction:
            await transaction.execute(insert(Video).values(youtube_id=TIDE.youtube_id))
            video_id = await transaction.scalar(select(Video.id))
        await seed(sessions)
        async with sessions.read() as reader:
            assert await reader.scalar(select(Video.id).where(Video.title == TIDE.title)) == video_id
        await engines.close()


@pytest.mark.asyncio
async def test_several_seed_at_once(databases: Databases) -> None:
    async with databases.empty() as url:
        await migrate.upgrade(url)
        several = [open_engines(url, pool_size=2) for _ in range(3)]
        sessions = [Sessions(engines, on_commit=lambda _wakeups: None) for engines in several]
        reports = await asyncio.gather(*map(seed, sessions))

        assert sum(report.written for report in reports) == len(SAMPLES)
        async with sessions[0].read() as reader:
            assert await reader.scalar(select(func.count()).select_from(TranscriptSegment)) == sum(
                len(sample.segments) for sample in SAMPLES
            )
        for engines in several:
            await engines.close()
