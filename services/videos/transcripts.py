"""Stored transcripts as the models read them."""

from collections.abc import Iterable

from db.queries import videos as queries
from db.queries.videos import SegmentRow
from db.sessions import Reader
from services.llm.chat_model import Segment


async def load_segments(reader: Reader, video_id: int) -> list[Segment]:
    """All of the video, in order of time."""
    return segments_of(await reader.rows(SegmentRow, queries.segments(video_id)))


def segments_of(rows: Iterable[SegmentRow]) -> list[Segment]:
    return [
        Segment(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text) for row in rows
    ]
