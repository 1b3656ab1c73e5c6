"""What a model is given to answer a question: the conversation up to it, and of the transcript what the model has room for."""

from collections.abc import Sequence

from db.queries import replies as reply_queries
from db.queries import videos as video_queries
from db.queries import wiz as queries
from db.queries.videos import VideoRow
from db.queries.wiz import MessageRow
from db.sessions import Reader, Sessions
from services.llm.chat_model import ChatModel, ChatRequest, ChatTurn, Segment
from services.llm.prompts import HISTORY_WINDOW, render_transcript
from services.search.passages import best_segments
from services.videos.transcripts import load_segments
from services.wiz.messages import MessageRole


async def material_for(
    database: Sessions, model: ChatModel, reply: MessageRow
) -> tuple[ChatRequest, Sequence[Segment]]:
    """The request for this reply, and the whole transcript, which citations are looked up in."""
    async with database.read(snapshot=True) as reader:
        video_id = await reader.scalar(queries.video_of_message(reply.id)) or 0
        video = await reader.row(VideoRow, video_queries.by_ids([video_id]))
        segments = await load_segments(reader, video_id)
        turns = await _turns(reader, reply)
        given = await _given(reader, model, video_id, segments, turns)
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


async def _given(
    reader: Reader, model: ChatModel, video_id: int, segments: Sequence[Segment], turns: Sequence[ChatTurn]
) -> Sequence[Segment]:
    """All of the transcript, or what fits the question best, and less so the questions before it."""
    room = model.transcript_characters
    if room is None or len(render_transcript(segments)) <= room:
        return segments
    questions = [turn.content for turn in turns if turn.role == "user"]
    return await best_segments(reader, video_id, questions, room)
