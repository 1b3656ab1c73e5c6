"""Notes through the API: taken, changed, deleted, followed and exported."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from sqlalchemy import select

from db.models.tables import Event, EventTopic, Note, SearchEntry, Task
from tests.client import Client, Json
from tests.server import Server

SECONDS = 30
"""In which all that is waited for here must have come."""
NOTE = "id timestamp startSeconds text aiStatus generatedByAi jumpUrl createdAt updatedAt video { id youtubeId title }"
REFUSED = "... on UserError { message } ... on InvalidInput { problems { path code message } }"
TAKE = f"""
mutation Take($input: NoteCreateInput!) {{
  noteCreate(input: $input) {{ __typename ... on NoteCreateSuccess {{ note {{ {NOTE} }} }} {REFUSED} }}
}}
"""
TAKE_BY_TITLE = f"""
mutation Take($input: NoteCreateByTitleInput!) {{
  noteCreateByTitle(input: $input) {{
    __typename ... on NoteCreateByTitleSuccess {{ note {{ {NOTE} }} }} {REFUSED}
  }}
}}
"""
CHANGE = f"""
mutation Change($id: ID!, $patch: NotePatchInput!) {{
  noteUpdate(input: {{id: $id, patch: $patch}}) {{
    __typename ... on NoteUpdateSuccess {{ note {{ {NOTE} }} }} {REFUSED}
  }}
}}
"""
DELETE = """
mutation Delete($id: ID!) {
  noteDelete(input: {id: $id}) { __typename ... on NoteDeleteSuccess { deletedId } ... on UserError { message } }
}
"""
RETRY = f"""
mutation Retry($id: ID!) {{
  noteRetry(input: {{id: $id}}) {{
    __typename ... on NoteRetrySuccess {{ note {{ {NOTE} }} }}
    ... on UserError {{ message }} ... on TranscriptNotReady {{ video {{ id }} }}
  }}
}}
"""
EXPORT = f"""
mutation Export($input: NotesExportInput!) {{
  notesExport(input: $input) {{ __typename ... on NotesExportSuccess {{ url expiresAt }} {REFUSED} }}
}}
"""
FOLLOW = f"""
subscription Follow($id: ID!, $after: String) {{
  noteUpdated(videoId: $id, after: $after) {{
    __typename
    ... on StreamEvent {{ position }}
    ... on NoteSnapshot {{ notes {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {NOTE} }} }} }}
    ... on NoteCreated {{ note {{ {NOTE} }} }}
    ... on NoteChanged {{ note {{ {NOTE} }} }}
    ... on NoteDeleted {{ noteId }}
  }}
}}
"""


async def do(client: Client, document: str, **variables: object) -> Json:
    """The member of the union that comes back."""
    (found,) = (await client.execute(document, **variables)).data.values()
    result: Json = found
    return result


async def take(client: Client, **fields: object) -> Json:
    """A new note, on a sample unless another video is named."""
    taken = await do(client, TAKE, input={"video": {"youtube": "sample-tide"}, "timestamp": "1:05"} | fields)
    assert taken["__typename"] == "NoteCreateSuccess", taken
    note: Json = taken["note"]
    return note


async def change(client: Client, note: Json, text: str | None) -> Json:
    changed = await do(client, CHANGE, id=note["id"], patch={"text": text})
    assert changed["__typename"] == "NoteUpdateSuccess", changed
    found: Json = changed["note"]
    return found


async def remove(client: Client, note: Json) -> None:
    assert await do(client, DELETE, id=note["id"]) == {"__typename": "NoteDeleteSuccess", "deletedId": note["id"]}


async def read(client: Client, note_id: str) -> Json | None:
    answer = await client.execute(
        f"query Read($id: ID!) {{ node(id: $id) {{ ... on Note {{ {NOTE} }} }} }}", id=note_id
    )
    found: Json | None = answer.data["node"]
    return found


@asynccontextmanager
async def following(client: Client, video: str, after: str | None = None) -> AsyncGenerator[AsyncGenerator[Json]]:
    async with (
        asyncio.timeout(SECONDS),
        client.socket() as socket,
        aclosing(socket.subscribe(FOLLOW, id=video, after=after)) as events,
    ):
        yield events


async def some(events: AsyncGenerator[Json], count: int) -> list[Json]:
    return [await anext(events) for _ in range(count)]


async def stored(server: Server) -> list[tuple[Any, ...]]:
    """All that notes leave behind: what is refused must change none of it."""
    async with server.services.database.read(snapshot=True) as reader:
        tables = (Note, SearchEntry, Task, Event, EventTopic)
        return [tuple(row) for table in tables for row in await reader.all(select(table.__table__))]
