"""What a search finds."""

from functools import partial
from typing import Self

import strawberry

from db.queries.notes import NoteRow
from db.queries.videos import VideoRow
from db.queries.wiz import MessageRow
from schema.context import Context
from schema.types.enums import describe
from schema.types.nodes import Node
from schema.types.notes import Note
from schema.types.paging import Connection, page_request
from schema.types.videos import Video
from schema.types.wiz import Conversation, Message
from services.search.search import Found, Hit, SearchScope

describe(
    SearchScope,
    name="SearchScope",
    description="Where to search.",
    values={
        "NOTES": "The texts of one's own notes.",
        "TRANSCRIPTS": "The transcripts of videos one has noted, chatted about or added.",
        "CHAT_LOGS": "One's own chat logs. There are none yet.",
        "CONVERSATIONS": "One's own conversations with Wiz: their messages and titles.",
    },
)


@strawberry.type(description="A text with all the words.")
class SearchHit:
    hit: strawberry.Private[Hit]
    snippet: str = strawberry.field(
        description="Up to 160 characters from around the words, as they were written; … where something is left out."
    )
    score: int = strawberry.field(description="How well it fits: to be compared within one search only.")
    start_seconds: float | None = strawberry.field(
        description="The moment in seconds from the start of the video; null for conversations, and timestamps that are no time."
    )
    jump_url: str | None = strawberry.field(
        description="The link to the moment on YouTube; null for samples, conversations, and timestamps that are no time."
    )

    @strawberry.field(description="What was found: a note, message or conversation; of a transcript, the video.")
    def node(self) -> Node:
        return _node(self.hit.found)

    @classmethod
    def from_hit(cls, hit: Hit) -> Self:
        return cls(
            hit=hit, snippet=hit.snippet, score=hit.score, start_seconds=hit.start_seconds, jump_url=hit.jump_url
        )


def _node(found: Found) -> Node:
    if isinstance(found, NoteRow):
        return Note.from_row(found)
    if isinstance(found, VideoRow):
        return Video.from_row(found)
    return Message.from_row(found) if isinstance(found, MessageRow) else Conversation.from_row(found)


async def hits_of_user(
    context: Context, query: str, scopes: list[SearchScope] | None, first: int, after: str | None
) -> Connection[SearchHit]:
    user_id, search = context.viewer.signed_in_id, context.services.search
    wanted = list(SearchScope) if scopes is None else scopes
    return Connection[SearchHit].of(
        await search.page(user_id, query, wanted, page_request(first, after, (int, int))),
        node=SearchHit.from_hit,
        place=lambda hit: (hit.score, hit.entry_id),
        count=partial(search.count, user_id, query, wanted),
    )
