"""The texts of an export, read page by page: no session is open while one of them is being written."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime

from db.queries import exports as queries
from db.sessions import Reader, Sessions
from db.types import AnySelect
from services.identity.viewers import Owner

PAGE_ROWS = 200
README = """All that VidWiz keeps about you, as JSON. Times are in UTC; videos are named by their id at YouTube.
What is secret is not in here: your password, tokens, and your keys at providers of models. Neither are videos and
their transcripts, which everybody shares who uses them.
"""
TABLES: Mapping[str, Callable[[int], AnySelect]] = {
    "sessions.json": queries.sessions,
    "videos.json": queries.additions,
    "notes.json": queries.notes,
    "conversations.json": queries.conversations,
    "messages.json": queries.messages,
    "uploads.json": queries.uploads,
    "audit.json": queries.audit_events,
    "jobs.json": queries.jobs,
}
FILES = ("README.txt", "profile.json", *TABLES)


async def read(database: Sessions, user_id: int, name: str) -> AsyncGenerator[str]:
    """One of FILES, in pieces."""
    match name:
        case "README.txt":
            yield README
        case "profile.json":
            yield await _profile(database, user_id)
        case _:
            async for piece in _rows(database, TABLES[name](user_id)):
                yield piece


async def _profile(database: Sessions, user_id: int) -> str:
    async with database.read(snapshot=True) as reader:
        profile = {
            "profile": next(iter(await _read(reader, queries.profile(user_id))), None),
            "settings": next(iter(await _read(reader, queries.settings(user_id))), None),
            "providerKeys": await _read(reader, queries.provider_keys(user_id)),
            "messagesADay": await _read(reader, queries.quotas(Owner(user_id=user_id).key)),
        }
    return f"{_written(profile)}\n"


async def _rows(database: Sessions, statement: AnySelect) -> AsyncGenerator[str]:
    """A JSON array, a page of rows at a time."""
    after, lead = 0, "["
    while True:
        async with database.read() as reader:
            rows = await _read(reader, queries.page(statement, after, PAGE_ROWS))
        for row in rows:
            after = int(str(row["id"]))
            yield f"{lead}\n{_written(row)}"
            lead = ","
        if len(rows) < PAGE_ROWS:
            yield "[]\n" if lead == "[" else "\n]\n"
            return


async def _read(reader: Reader, statement: AnySelect) -> list[dict[str, object]]:
    names = statement.selected_columns.keys()
    return [dict(zip(names, row, strict=True)) for row in await reader.all(statement)]


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
