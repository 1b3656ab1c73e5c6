"""What is read to a model of a transcript that is too long for it."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from random import Random

import pytest
import pytest_asyncio
from sqlalchemy import insert

from db.models.tables import TranscriptSegment, Video
from db.queries import search as queries
from db.queries import videos as video_queries
from db.queries.search import Stretch
from db.queries.videos import SegmentRow
from db.search_index import fold_transcript, index_transcript
from db.sessions import Sessions
from services.llm.chat_model import Segment
from services.search.passages import STAMP_CHARACTERS, best_segments

pytestmark = pytest.mark.asyncio

HOURS = 3
SEGMENTS = 5_000
NEEDLES = {
    700: "the harbour of Saint-Malo has the highest tides in France",
    2_500: "a sextant measures the angle between two stars",
    4_900: "Ebbe und Flut heißen auch Gezeiten",
}
FILLER = (
    "so then people often think about what a thing does when it moves along the line and other parts follow".split()
)


@pytest_asyncio.fixture
async def video_id(sessions: Sessions) -> AsyncGenerator[int]:
    """Three hours of talk about nothing, with a needle here and there."""
    random = Random(1)  # noqa: S311  not for secrets
    texts = [" ".join(random.choices(FILLER, k=8)) for _ in range(SEGMENTS)]
    for position, needle in NEEDLES.items():
        texts[position] = needle
    yield await stored(sessions, texts)


async def stored(sessions: Sessions, texts: Sequence[str]) -> int:
    seconds = HOURS * 3600 / SEGMENTS
    segments = [
        Segment(start_seconds=position * seconds, duration_seconds=seconds, text=text)
        for position, text in enumerate(texts)
    ]
    async with sessions.write() as tx:
        video_id = await tx.scalar(insert(Video).values(youtube_id="three-hours").returning(Video.id))
        assert video_id is not None
        rows = [
            {
                "video_id": video_id,
                "position": position,
                "start_seconds": segment.start_seconds,
                "duration_seconds": segment.duration_seconds,
                "text": segment.text,
            }
            for position, segment in enumerate(segments)
        ]
        await tx.execute(insert(TranscriptSegment), rows)
        await index_transcript(tx, video_id, fold_transcript(segments), created_at=datetime.now(UTC))
    return video_id


async def read(sessions: Sessions, video_id: int) -> tuple[list[Stretch], list[SegmentRow]]:
    async with sessions.read() as reader:
        stretches = await reader.rows(Stretch, queries.stretches(video_id))
        return stretches, await reader.rows(SegmentRow, video_queries.segments(video_id))


async def best(sessions: Sessions, video_id: int, *texts: str, characters: int = 3_000) -> list[Segment]:
    found = best_segments(*await read(sessions, video_id), texts, characters)
    assert sum(len(segment.text) + STAMP_CHARACTERS for segment in found) <= characters
    assert found == sorted(found, key=lambda segment: segment.start_seconds)
    assert len({segment.start_seconds for segment in found}) == len(found)
    return found


@pytest.mark.parametrize(
    ("question", "position"),
    [
        ("Where in FRANCE is the tide highest?", 700),
        ("saint malo?", 700),
        ("What are sextants for?", 2_500),
        ("Was heissen Gezeiten?", 4_900),
    ],
)
async def test_finds_the_needle_and_what_is_said_around_it(
    sessions: Sessions, video_id: int, question: str, position: int
) -> None:
    found = [segment.text for segment in await best(sessions, video_id, question)]
    place = found.index(NEEDLES[position])
    assert len(found) > 6
    assert 0 < place < len(found) - 1


async def test_a_small_budget_goes_to_the_best_stretch(sessions: Sessions, video_id: int) -> None:
    found = await best(sessions, video_id, "sextant", characters=420)
    assert NEEDLES[2_500] in [segment.text for segment in found]


async def test_the_newest_text_counts_most(sessions: Sessions, video_id: int) -> None:
    texts = ("What does a sextant measure?", "And which harbour has the highest tides?")
    (small,) = [
        segment.text
        for segment in await best(sessions, video_id, *texts, characters=420)
        if segment.text in NEEDLES.values()
    ]
    assert small == NEEDLES[700]
    both = [segment.text for segment in await best(sessions, video_id, *texts)]
    assert {NEEDLES[700], NEEDLES[2_500]} <= set(both)
    assert both.index(NEEDLES[700]) < both.index(NEEDLES[2_500])


@pytest.mark.parametrize(
    "question", ["", "?!", "what is it about", "what\u2019s it about", "They'll", "xylophone", "\0", '" OR * (', "的"]
)
async def test_the_opening_when_nothing_fits(sessions: Sessions, video_id: int, question: str) -> None:
    found = await best(sessions, video_id, question)
    assert found[0].start_seconds == 0
    assert len(found) > 20
    assert found[-1].start_seconds == pytest.approx((len(found) - 1) * HOURS * 3600 / SEGMENTS)


async def test_nothing_of_a_video_without_transcript(sessions: Sessions) -> None:
    nothing = await read(sessions, 999_999)
    assert best_segments(*nothing, ["tides"], 1_000) == []
    assert best_segments(*nothing, [], 1_000) == []


async def test_no_room_is_no_segments(sessions: Sessions, video_id: int) -> None:
    assert await best(sessions, video_id, "sextant", characters=0) == []


async def test_other_videos_are_not_read(sessions: Sessions, video_id: int) -> None:
    found = await best(sessions, video_id, "moon gravity ocean water tides France")
    assert {segment.text for segment in found} >= {NEEDLES[700]}
    assert all("moon" not in segment.text.lower() for segment in found)
