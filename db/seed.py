"""Puts the sample videos that ship with the project into the database: lectures of our own, no video exists of them."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from db.queries import samples as queries
from db.queries.samples import SampleRow, SegmentRow
from db.search_index import fold_transcript, index_transcript
from db.sessions import Sessions, Transaction


class _File(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class SampleSegment(_File):
    start_seconds: float
    duration_seconds: float
    text: str


class Sample(_File):
    """One file of db/samples."""

    youtube_id: str
    title: str
    channel: str
    description: str
    summary: str
    suggested_questions: tuple[str, ...]
    segments: tuple[SampleSegment, ...]

    @property
    def details(self) -> dict[str, object]:
        """In the words of yt-dlp, like the details of any other video."""
        last = self.segments[-1]
        return {
            "id": self.youtube_id,
            "title": self.title,
            "uploader": self.channel,
            "channel": self.channel,
            "description": self.description,
            "duration": math.ceil(last.start_seconds + last.duration_seconds),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedReport:
    """How many samples were written, and how many were in place already."""

    written: int
    unchanged: int


def load_samples() -> list[Sample]:
    folder = files("db") / "samples"
    return [
        Sample.model_validate_json(file.read_bytes())
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    ]


async def seed(sessions: Sessions) -> SeedReport:
    """Write what is missing or differs, one transaction a sample. May run again, and in several processes at once."""
    written = 0
    samples = load_samples()
    for sample in samples:
        async with sessions.write() as transaction:
            written += await _put(transaction, sample)
    return SeedReport(written=written, unchanged=len(samples) - written)


async def _put(transaction: Transaction, sample: Sample) -> bool:
    """Answers whether anything had to be written."""
    video_id = await transaction.scalar(queries.claim(sample.youtube_id, transaction.dialect))
    if video_id is None:
        raise LookupError("The database did not tell the id of the video it was given.")
    changes = [
        await _put_video(transaction, video_id, sample),
        await _put_segments(transaction, video_id, sample),
        await transaction.execute(queries.mark_ready(video_id, transaction.dialect)) > 0,
    ]
    return any(changes)


async def _put_video(transaction: Transaction, video_id: int, sample: Sample) -> bool:
    wanted = SampleRow(
        title=sample.title,
        details=sample.details,
        transcript_available=True,
        summary=sample.summary,
        suggested_questions=list(sample.suggested_questions),
        is_sample=True,
        transcript_source="SAMPLE",
    )
    if await transaction.row(SampleRow, queries.video(video_id)) == wanted:
        return False
    await transaction.execute(queries.change(video_id, wanted))
    return True


async def _put_segments(transaction: Transaction, video_id: int, sample: Sample) -> bool:
    folded = fold_transcript(sample.segments)
    wanted = [SegmentRow(position, *segment) for position, segment in enumerate(folded)]
    if await transaction.rows(SegmentRow, queries.segments(video_id)) == wanted:
        return False
    await transaction.execute(queries.remove_segments(video_id))
    await transaction.execute(queries.add_segments(), [{"video_id": video_id, **row._asdict()} for row in wanted])
    await index_transcript(transaction, video_id, folded, created_at=datetime.now(UTC))
    return True
