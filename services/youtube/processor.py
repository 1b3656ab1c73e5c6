"""Placeholder until the handlers of the video tasks are here; whoever writes them replaces this file."""

from db.sessions import Sessions
from services.tasks.model import Handling
from services.tasks.queue import TaskQueue
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts


class VideoProcessor:
    def __init__(self, database: Sessions, queue: TaskQueue, transcripts: Transcripts, details: Metadata) -> None:
        self._parts = (database, queue, transcripts, details)

    def handlings(self) -> dict[str, Handling]:
        return {}
