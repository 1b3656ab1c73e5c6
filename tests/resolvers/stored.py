"""Rows put straight into the database of a running server, where going through the API would take long or be impossible."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from sqlalchemy import insert, update

from db.models.tables import Conversation, Message, Note, TranscriptSegment, Video, VideoAddition
from db.sessions import Transaction
from schema.types.nodes import parse_global_id
from tests.client import Client
from tests.server import Server

_numbers = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVideo:
    title: str | None = None
    details: dict[str, object] | None = None
    created_at: datetime | None = None
    """Now when None."""
    youtube_id: str = field(default_factory=lambda: f"stored-{next(_numbers):04}")
    segments: int = 0
    """So many cues, `cue 0` and on, a second each."""


def row_id(global_id: str) -> int:
    key = parse_global_id(global_id)
    assert key is not None
    return key.id


async def user_id_of(user: Client) -> int:
    answer = await user.execute("{ viewer { user { id } } }")
    return row_id(answer.data["viewer"]["user"]["id"])


async def store(server: Server, *videos: StoredVideo, added_by: int | None = None) -> list[int]:
    """Their ids; added by the user when one is given."""
    ids: list[int] = []
    async with server.services.database.write() as tx:
        for video in videos:
            times = {} if video.created_at is None else {"created_at": video.created_at}
            row = await tx.scalar(
                insert(Video)
                .values(youtube_id=video.youtube_id, title=video.title, details=video.details, **times)
                .returning(Video.id)
            )
            assert row is not None
            ids.append(row)
            cues = [
                {
                    "video_id": row,
                    "position": n,
                    "start_seconds": n,
                    "duration_seconds": 1,
                    "text": f"cue {n}",
                    "words": f" cue {n} ",
                }
                for n in range(video.segments)
            ]
            await tx.execute(insert(TranscriptSegment), cues)
        if added_by is not None:
            await tx.execute(insert(VideoAddition), [{"user_id": added_by, "video_id": row} for row in ids])
    return ids


async def store_notes(server: Server, user_id: int, video_ids: Sequence[int], each: int = 1) -> list[int]:
    rows = [
        {"user_id": user_id, "video_id": video_id, "timestamp": f"{number}:00", "text": f"note {number}"}
        for video_id in video_ids
        for number in range(each)
    ]
    async with server.services.database.write() as tx:
        return [row.id for row in await tx.all(insert(Note).values(rows).returning(Note.id))]


async def store_conversations(
    server: Server, user_id: int, video_ids: Sequence[int], *, each: int, questions: int
) -> tuple[list[int], list[int]]:
    """The ids of the conversations, and of their messages: questions, each with an answer that cites a moment."""
    conversations: list[int] = []
    messages: list[int] = []
    async with server.services.database.write() as tx:
        for video_id in video_ids:
            owned = [{"video_id": video_id, "user_id": user_id, "title": f"conversation {n}"} for n in range(each)]
            begun = await tx.all(insert(Conversation).values(owned).returning(Conversation.id))
            conversations += [row.id for row in begun]
        for conversation in conversations:
            for number in range(questions):
                messages.append(await _say(tx, conversation, "USER", f"question {number}"))
                messages.append(await _say(tx, conversation, "ASSISTANT", f"answer {number}", messages[-1]))
    return conversations, messages


async def _say(tx: Transaction, conversation: int, role: str, content: str, reply_to: int | None = None) -> int:
    cited = [] if reply_to is None else [{"startSeconds": 1.0, "label": "0:01", "quote": "cue 1"}]
    said = {"conversation_id": conversation, "role": role, "content": content, "status": "DONE"}
    row = await tx.scalar(insert(Message).values(**said, citations=cited, reply_to_id=reply_to).returning(Message.id))
    assert row is not None
    return row


async def store_at_one_moment(server: Server, moment: datetime) -> None:
    """All notes and videos are of this time."""
    async with server.services.database.write() as tx:
        await tx.execute(update(Note).values(created_at=moment))
        await tx.execute(update(Video).values(created_at=moment))
