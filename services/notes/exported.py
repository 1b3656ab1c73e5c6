"""A note as it is handed out in a file, and what writes such files."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from db.queries.notes import NoteRow
from db.queries.videos import VideoRow
from services.videos.timestamps import parse_timestamp
from services.youtube.ids import watch_url


@dataclass(frozen=True, slots=True)
class Exported:
    note: NoteRow
    video: VideoRow

    @property
    def title(self) -> str:
        """The video's id at YouTube where nobody knows more."""
        return self.video.display_title or self.video.youtube_id

    @property
    def start_seconds(self) -> float | None:
        return parse_timestamp(self.note.timestamp)

    @property
    def video_url(self) -> str | None:
        """None for a sample, which is nowhere."""
        return None if self.video.is_sample else watch_url(self.video.youtube_id)

    @property
    def jump_url(self) -> str | None:
        seconds = self.start_seconds
        return None if self.video.is_sample or seconds is None else watch_url(self.video.youtube_id, seconds)


class Writer(Protocol):
    """Writes one file: the head, each note, and the tail. The notes of a video follow each other."""

    extension: ClassVar[str]
    content_type: ClassVar[str]

    def head(self) -> str: ...

    def entry(self, exported: Exported) -> str: ...

    def tail(self) -> str: ...
