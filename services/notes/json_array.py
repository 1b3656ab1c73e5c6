"""Notes as a JSON array, for programs."""

import json
from typing import ClassVar

from services.notes.exported import Exported


class JsonArray:
    extension: ClassVar[str] = "json"
    content_type: ClassVar[str] = "application/json"

    def __init__(self) -> None:
        self._lead = ""

    def head(self) -> str:
        return "["

    def entry(self, exported: Exported) -> str:
        note, video = exported.note, exported.video
        written = {
            "video": {"youtubeId": video.youtube_id, "title": video.display_title, "url": exported.video_url},
            "timestamp": note.timestamp,
            "startSeconds": exported.start_seconds,
            "jumpUrl": exported.jump_url,
            "text": note.text,
            "generatedByAi": note.generated_by_ai,
            "createdAt": note.created_at.isoformat(),
            "updatedAt": note.updated_at.isoformat(),
        }
        lead, self._lead = self._lead, ","
        return f"{lead}\n{json.dumps(written, ensure_ascii=False)}"

    def tail(self) -> str:
        return "\n]\n" if self._lead else "]\n"
