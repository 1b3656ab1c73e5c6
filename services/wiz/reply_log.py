"""A reply in the event log: the events of its topic, the text that they add up to, and how it is ended."""

from collections.abc import Sequence
from enum import StrEnum

from db.outbox import NewEvent
from db.queries import events as event_queries
from db.queries import replies as reply_queries
from db.queries import wiz as queries
from db.queries.replies import PlaceRow
from db.search_index import index_message
from db.sessions import Reader, Transaction
from services.llm.citations import Citation, cite
from services.videos.transcripts import load_segments
from services.wiz.messages import MessageStatus


class Progress(StrEnum):
    """The events of a reply's topic."""

    QUEUED = "queued"
    DELTA = "delta"
    RESTARTED = "restarted"
    """By another attempt: the text so far is void."""
    ENDED = "ended"
    """The last; the message tells how."""
    DELETED = "deleted"
    """The last; the message is gone, with its conversation."""


def topic_of(message_id: int) -> str:
    return f"reply:{message_id}"


async def text_so_far(reader: Reader, message_id: int) -> str:
    """What the present attempt has streamed, as long as the log keeps it."""
    pieces: list[str] = []
    for kind, data in await reader.all(event_queries.of_topic(topic_of(message_id))):
        if kind == Progress.RESTARTED:
            pieces.clear()
        elif kind == Progress.DELTA:
            pieces.append(str(data["text"]))
    return "".join(pieces)


async def has_begun(reader: Reader, message_id: int) -> bool:
    """Whether it says anything yet."""
    return bool((await text_so_far(reader, message_id)).strip())


async def end(
    tx: Transaction,
    message_id: int,
    status: MessageStatus,
    text: str,
    citations: Sequence[Citation],
    *,
    error_code: str | None = None,
) -> None:
    """Keep the text and tell the readers. To be called once, by whoever ends the task."""
    cited: list[dict[str, object]] = [
        {"startSeconds": citation.start_seconds, "label": citation.label, "quote": citation.quote}
        for citation in citations
    ]
    await _index(tx, message_id, text)
    await tx.execute(queries.end_reply(message_id, status, text, cited, error_code))
    await tx.publish(topic_of(message_id), NewEvent(type=Progress.ENDED))


async def _index(tx: Transaction, message_id: int, text: str) -> None:
    """Have it found by its text. What is locked for that is locked in the order that all keep to."""
    if not text.strip():
        return
    await tx.first(reply_queries.hold_user_of_message(message_id))
    place = await tx.row(PlaceRow, reply_queries.hold_place(message_id))
    if place is not None:
        await index_message(tx, message_id, text=text, **place._asdict())


async def break_off(tx: Transaction, message_id: int, status: MessageStatus, *, error_code: str | None = None) -> None:
    """`end` it with the text so far."""
    text = await text_so_far(tx, message_id)
    citations: Sequence[Citation] = ()
    if text:
        video_id = await tx.scalar(queries.video_of_message(message_id))
        citations = cite(text, [] if video_id is None else await load_segments(tx, video_id))
    await end(tx, message_id, status, text, citations, error_code=error_code)
