"""Search: by words, in what is one's own."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.paging import DEFAULT_SIZE, After, Connection, First
from schema.types.search import SearchHit, hits_of_user
from services.limits import SEARCH_LENGTH
from services.search.search import SearchScope

Words = Annotated[
    str,
    strawberry.argument(
        description=f"Words that must all be there, at most {SEARCH_LENGTH} characters. Case and accents do not count; "
        'the last may be the beginning of a word; "words in quotes" follow each other.'
    ),
]
Scopes = Annotated[
    list[SearchScope] | None,
    strawberry.argument(name="in", description=f"Where to search: at most {len(SearchScope)} scopes; all when null."),
]


@strawberry.type
class SearchQuery:
    @strawberry.field(
        description="One's own notes and conversations, and transcripts of videos one has used, by their words. The best come first.",
        extensions=[USERS],
    )
    async def search(
        self, info: Info, query: Words, scopes: Scopes = None, first: First = DEFAULT_SIZE, after: After = None
    ) -> Connection[SearchHit]:
        return await hits_of_user(info.context, query, scopes, first, after)
