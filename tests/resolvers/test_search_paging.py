"""Pages of hits: stable while others write, counted only when asked for, and fetched in few statements."""

import pytest

from tests.resolvers.searchable import Shelf
from tests.resolvers.stored import row_id
from tests.server import Server
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

WALK = """
query Walk($first: Int! = 7, $after: String, $count: Boolean! = false) {
  search(query: "zebra", first: $first, after: $after) {
    totalCount @include(if: $count)
    pageInfo { hasNextPage hasPreviousPage endCursor }
    nodes { score snippet node { id __typename } }
  }
}
"""
HITS = 100
MOST_STATEMENTS = 8
"""Who asks, which videos they used, the page, and one for each of the four kinds of things."""


async def test_walking_neither_repeats_nor_drops_while_others_write(idle_server: Server) -> None:
    user = await idle_server.user()
    mine = await Shelf.of(idle_server, user)
    others = await Shelf.of(idle_server, await idle_server.user())
    video = await mine.video("walked_____", [])
    texts = ["zebra " * (1 + number % 4) + f"number {number} " + "and more " * (number % 5) for number in range(HITS)]
    texts[-1] = "a zebra that must go"
    *stays, goes = await mine.notes(video, texts)
    seen: list[str] = []
    scores: list[int] = []
    after: str | None = None
    while True:
        answer = await user.execute(WALK, after=after)
        page = answer.data["search"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        seen += [hit["node"]["id"] for hit in page["nodes"]]
        scores += [hit["score"] for hit in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert len(page["nodes"]) == 7
        after = page["pageInfo"]["endCursor"]
        await others.notes(video, ["zebra " * 20, "zebra", "no such animal"])
        await mine.notes(video, ["zebra zebra zebra", "something else"])
        await mine.forget_note(goes)
    assert scores == sorted(scores, reverse=True)
    assert len(seen) == len(set(seen))
    assert {row for row in map(row_id, seen) if row <= max(stays)} - {goes} == set(stays)
    await mine.check()


async def test_a_full_page_of_all_kinds_takes_few_statements(idle_server: Server) -> None:
    user = await idle_server.user()
    shelf = await Shelf.of(idle_server, user)
    for number in range(13):
        video = await shelf.video(f"few-{number:07}", [f"zebra said {number}"])
        await shelf.note(video, f"zebra noted {number}")
        await shelf.message(await shelf.conversation(video, f"zebra titled {number}"), f"zebra asked {number}")
    async with count_statements(idle_server.services.database._engines) as statements:
        answer = await user.execute(WALK, first=50)
    hits = answer.data["search"]["nodes"]
    assert len(hits) == 50
    assert {hit["node"]["__typename"] for hit in hits} == {"Note", "Video", "Message", "Conversation"}
    assert len(statements) <= MOST_STATEMENTS, statements
    assert not any("count(" in statement for statement in statements)
    counted = await user.execute(WALK, count=True)
    assert counted.data["search"]["totalCount"] == 52
