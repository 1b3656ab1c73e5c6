"""How far the parts of a video have come: metadata, transcript and summary."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

import strawberry

from db.queries.videos import VideoPartRow, VideoRow
from schema.types.enums import describe
from services.videos.processing import Part, PartState
from services.videos.results import TranscriptSource

describe(
    PartState,
    name="ProcessingState",
    description="How far one part of a video has come.",
    values={
        "PENDING": "It waits for its turn, or for its next try.",
        "RUNNING": "It is being fetched or made.",
        "READY": "It is there.",
        "FAILED": "It could not be had; the error says why.",
    },
)

describe(
    Part,
    name="VideoPart",
    description="A part of a video that is fetched or made after it was added.",
    values={
        "METADATA": "Title, channel, length and so on.",
        "TRANSCRIPT": "What is said, with its times.",
        "SUMMARY": "The summary, and the questions that it suggests.",
    },
)
describe(
    TranscriptSource,
    name="TranscriptSource",
    description="Where a transcript comes from.",
    values={
        "YOUTUBE": "The server fetched it from YouTube.",
        "WORKER": "A worker of the operator's brought it.",
        "USER": "A user brought it, by `transcriptSubmit`.",
        "SAMPLE": "It came with a sample lecture.",
    },
)


@strawberry.type(description="Why the last try failed.")
class ProcessingError:
    code: str = strawberry.field(
        description="The reason, for programs: BLOCKED, DISABLED, NO_TRANSCRIPT, VIDEO_UNAVAILABLE, UNREACHABLE, COOKIES_UNREADABLE "
        "and others."
    )
    message: str = strawberry.field(description="The reason, as a sentence for people.")


@strawberry.type(description="How far one part of a video has come.")
class ProcessingPart:
    state: PartState = strawberry.field(description="How far it has come.")
    attempts: int = strawberry.field(description="Tries so far; 0 for what came with the video.")
    error: ProcessingError | None = strawberry.field(description="Why the last try failed; null when none did.")
    updated_at: datetime | None = strawberry.field(description="The timestamp of the last change of state.")

    @classmethod
    def from_row(cls, row: VideoPartRow | None, *, is_there: bool) -> Self:
        """`is_there` decides where there is no row, as for a video that is older than its parts."""
        if row is None:
            state = PartState.READY if is_there else PartState.PENDING
            return cls(state=state, attempts=0, error=None, updated_at=None)
        error = row.error_code and ProcessingError(code=row.error_code, message=row.error_message or "")
        return cls(state=PartState(row.state), attempts=row.attempts, error=error or None, updated_at=row.updated_at)


@strawberry.type(description="How far the parts of a video have come.")
class VideoProcessing:
    metadata: ProcessingPart = strawberry.field(description="Title, channel, length and so on.")
    transcript: ProcessingPart = strawberry.field(description="What is said, with its times.")
    summary: ProcessingPart = strawberry.field(description="The summary, which needs the transcript first.")

    @classmethod
    def from_rows(cls, video: VideoRow, parts: Mapping[str, VideoPartRow]) -> Self:
        return cls(
            metadata=ProcessingPart.from_row(parts.get(Part.METADATA), is_there=video.details is not None),
            transcript=ProcessingPart.from_row(parts.get(Part.TRANSCRIPT), is_there=video.transcript_available),
            summary=ProcessingPart.from_row(parts.get(Part.SUMMARY), is_there=video.summary is not None),
        )
