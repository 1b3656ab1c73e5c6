"""Segments of a transcript as clients send them."""

import strawberry

from services import limits
from services.videos.segments import GivenSegment

HOURS = limits.VIDEO_SECONDS // 3600


@strawberry.input(description="One cue of a transcript.")
class TranscriptSegmentInput:
    text: str = strawberry.field(
        description=f"What is said, up to {limits.SEGMENT_LENGTH:,} characters; a blank one is left out."
    )
    start_seconds: float = strawberry.field(
        description=f"Where it begins, in seconds from the start of the video: 0 to {HOURS} hours."
    )
    duration_seconds: float = strawberry.field(
        default=0.0, description=f"How long it is shown, in seconds: 0 to {HOURS} hours."
    )

    def to_service(self) -> GivenSegment:
        return GivenSegment(text=self.text, start_seconds=self.start_seconds, duration_seconds=self.duration_seconds)
