"""Texts and limits that every model shares: the transcript as lines, the refusal, the length of the history."""

from collections.abc import Sequence
from typing import Final

from services.llm.chat_model import Segment
from services.timestamps import format_timestamp

HISTORY_WINDOW: Final = 10
"""Messages a model sees, the question included."""

REFUSAL: Final = "The transcript of this video does not answer that question."
"""The whole reply to a question that the transcript does not cover; always this sentence, so that programs can tell."""


def render_transcript(segments: Sequence[Segment]) -> str:
    """One line a segment, `m:ss text` or `h:mm:ss text`, in the spelling that citations use; blank ones are left out.

    The text is not escaped: join it to a prompt, never pass it through a formatter.
    """
    lines = ((segment.start_seconds, " ".join(segment.text.split())) for segment in segments)
    return "\n".join(f"{format_timestamp(start_seconds)} {text}" for start_seconds, text in lines if text)
