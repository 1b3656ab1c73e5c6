"""What a model is given to answer a question: the conversation up to it, and of the transcript what the model has room for."""

import asyncio
from collections.abc import Sequence

from db.queries import replies as reply_queries
from db.queries import search as search_queries
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.search import Stretch
from db.queries.videos import SegmentRow, VideoRow
from db.queries.wiz import MessageRow
from db.sessions import Reader, Sessions
from services.llm.chat_model import ChatModel, ChatRequest, ChatTurn, Segment
from services.llm.prompts import HISTORY_WINDOW, render_transcript
from services.search.passages import best_segments
from services.videos.transcripts import segments_of
from services.wiz.messages import MessageRole

LONGEST_STAMP = 10
"""With the space and the end of the line, before a text: `99:59:59`."""


async def material_for(
    database: Sessions, model: ChatModel, reply: MessageRow
) -> tuple[ChatRequest, Sequence[Segment]]:
    """The request for this reply, and the whole transcript, which citations are looked up in.

    Holds no session while it works.
    """
    async with database.read(snapshot=True) as reader:
        video_id = await reader.scalar(queries.video_of_message(reply.id)) or 0
        video = await reader.row(VideoRow, video_queries.by_ids([video_id]))
        rows = await reader.rows(SegmentRow, video_queries.segments(video_id))
        turns = await _turns(reader, reply)
        is_long = _may_be_long(rows, model)
        stretches = await reader.rows(Stretch, search_queries.stretches(video_id)) if is_long else []
    segments = segments_of(rows)
    given: Sequence[Segment] = segments
    if is_long:
        questions = [turn.content for turn in turns if turn.role == "user"]
        # A transcript may have two million characters, which would hold up everybody else.
        given = await asyncio.to_thread(_given, model, stretches, rows, questions)
    title = (video and video.display_title) or "this video"
    request = ChatRequest(title=title, segments=given, turns=turns, is_excerpt=len(given) < len(segments))
    return request, segments


async def _turns(reader: Reader, reply: MessageRow) -> list[ChatTurn]:
    """The question last; what was said after it is not there, though it may be older than the reply."""
    history = reply_queries.history(reply.conversation_id, reply.reply_to_id or reply.id, HISTORY_WINDOW)
    return [
        ChatTurn(role="user" if role == MessageRole.USER else "assistant", content=content)
        for role, content in reversed(await reader.all(history))
    ]


def _may_be_long(rows: Sequence[SegmentRow], model: ChatModel) -> bool:
    """Whether the model may not have room for all of it; False is sure."""
    room = model.transcript_characters
    return room is not None and sum(len(row.text) + LONGEST_STAMP for row in rows) > room


def _given(
    model: ChatModel, stretches: Sequence[Stretch], rows: Sequence[SegmentRow], questions: Sequence[str]
) -> Sequence[Segment]:
    """All of the transcript, or what fits the question best, and less so the questions before it. Burns CPU."""
    room = model.transcript_characters
    segments = segments_of(rows)
    if room is None or len(render_transcript(segments)) <= room:
        return segments
    return best_segments(stretches, rows, questions, room)
