"""Both databases find the same."""

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from db.engine import open_engines
from db.models.tables import Note, User, Video
from db.paging import PageRequest
from db.search_index import index_note
from db.sessions import Sessions
from services.search.search import SearchScope, SearchService
from tests.databases import Databases

pytestmark = pytest.mark.asyncio

PIECES = [
    *("tide", "Tide", "tides", "tidal", "moon", "Moonlight", "the", "a", "I'm", "don\u2019t", "x", "3.14", "1,000"),
    *(
        "café",
        "CAFE",
        "Straße",
        "strasse",
        "Ёлка",
        "елка",
        "άνθρωπος",
        "İstanbul",
        "हिन्दी",
        "مَرْحَبًا",
        "中文",
        "文",
        "ไทย",
    ),
    *(
        "🌊",
        "\u0301",
        '"',
        "'",
        "\\",
        "*",
        "-",
        "&",
        "|",
        "!",
        "(",
        ")",
        ":*",
        "<->",
        "AND",
        "OR",
        "NEAR",
        "@n1",
        "\t",
        "\n",
    ),
]
CORPUS = 200
QUERIES = 250


def mixed(chance: random.Random, most: int) -> str:
    return "".join(
        chance.choice(PIECES) + chance.choice([" ", " ", " ", "", "\u00a0"]) for _ in range(chance.randint(1, most))
    )


@asynccontextmanager
async def filled(url: str, texts: Sequence[str]) -> AsyncGenerator[tuple[SearchService, int]]:
    """A search over one user's notes."""
    engines = open_engines(url, pool_size=5)
    database = Sessions(engines, on_commit=lambda _wakeups: None)
    try:
        async with database.write() as tx:
            user_id = await tx.scalar(insert(User).values(email="same@example.com").returning(User.id))
            video_id = await tx.scalar(insert(Video).values(youtube_id="same-hits__").returning(Video.id))
            assert user_id is not None
            assert video_id is not None
            for content in texts:
                note = {"user_id": user_id, "video_id": video_id, "timestamp": "0:00", "text": content}
                note_id = await tx.scalar(insert(Note).values(**note).returning(Note.id))
                assert note_id is not None
                now = datetime.now(UTC)
                await index_note(tx, note_id, user_id=user_id, video_id=video_id, text=content, created_at=now)
        yield SearchService(database), user_id
    finally:
        await engines.close()


async def hits(search: SearchService, user_id: int, query: str) -> set[int]:
    """The numbers of the notes; the whole list, page by page."""
    found: list[int] = []
    after: tuple[object, ...] | None = None
    while True:
        page = await search.page(user_id, query, [SearchScope.NOTES], PageRequest(50, after))
        found += [hit.found.id for hit in page.rows]
        if not page.has_next:
            break
        after = (page.rows[-1].score, page.rows[-1].entry_id)
    assert len(set(found)) == len(found) == await search.count(user_id, query, [SearchScope.NOTES])
    return set(found)


async def test_random_texts_and_queries(sqlite_databases: Databases, postgresql_databases: Databases) -> None:
    chance = random.Random(5)  # noqa: S311  chance that can be repeated
    texts = [mixed(chance, 12) for _ in range(CORPUS)]
    queries = [mixed(chance, 3) for _ in range(QUERIES)]
    numbers = 0
    async with (
        sqlite_databases.filled() as one,
        postgresql_databases.filled() as other,
        filled(one, texts) as (lite, lite_user),
        filled(other, texts) as (postgres, postgres_user),
    ):
        for query in queries:
            found = await hits(lite, lite_user, query)
            assert found == await hits(postgres, postgres_user, query), query
            numbers += len(found)
    assert numbers > QUERIES
