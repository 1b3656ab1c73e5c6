"""Transcripts that users bring."""

from typing import Annotated

import strawberry
from strawberry.types.unset import UNSET

from schema.types.errors import InvalidInput, NotFound, UserError
from schema.types.nodes import required_row_id
from schema.types.transcript_segments import TranscriptSegmentInput
from schema.types.videos import Video, VideoRef
from services.videos.submissions import GivenTranscript


@strawberry.input(
    one_of=True,
    description="A transcript, in exactly one of three forms: at most 20,000 cues and 2,000,000 characters.",
)
class TranscriptSourceInput:
    upload_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="An upload made by `uploadCreate` for TRANSCRIPT, whose file has arrived: SRT, VTT, JSON or plain "
        "text, told apart by what is in it. It is used up, also when its file is no transcript.",
    )
    segments: list[TranscriptSegmentInput] | None = strawberry.field(
        default=UNSET, description="The cues, in any order: at most 20,000, of which a request holds some thousands."
    )
    text: str | None = strawberry.field(
        default=UNSET,
        description="Plain text. Lines may begin with stamps: `1:05 words` or `[1:02:03] words`. Without stamps the "
        "sentences are spread over the length of the video; where that is not known, at the pace of speech.",
    )

    def to_service(self) -> GivenTranscript:
        # What is not given is UNSET, which is none of these.
        if isinstance(self.upload_id, str):
            return GivenTranscript(upload_id=required_row_id("Upload", self.upload_id))
        if isinstance(self.segments, list):
            return GivenTranscript(segments=[segment.to_service() for segment in self.segments])
        return GivenTranscript(text=self.text or "")


@strawberry.input(description="The transcript of a video.")
class TranscriptSubmitInput:
    video: VideoRef = strawberry.field(description="The video; made when it is named by a link and new.")
    source: TranscriptSourceInput = strawberry.field(description="What is said in it.")


@strawberry.type(description="The transcript is there for everybody; the summary is being made.")
class TranscriptSubmitSuccess:
    video: Video = strawberry.field(description="The video.")


@strawberry.type(
    description="The video has a transcript, and it was not the caller who brought it. Nothing was changed."
)
class TranscriptExists(UserError):
    video: Video = strawberry.field(description="The video, with its transcript.")


TranscriptSubmitResult = Annotated[
    TranscriptSubmitSuccess | TranscriptExists | InvalidInput | NotFound,
    strawberry.union("TranscriptSubmitResult", description="What became of `transcriptSubmit`."),
]
