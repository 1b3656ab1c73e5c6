"""Uploads through the API: announced, and sent by PUT."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import BlobRemoval, Upload
from schema.types.nodes import parse_global_id
from tests.client import UNUSED_TLS, Answer, Client, Json
from tests.server import Server

FILE = b"\x89PNG not really a picture"
CREATE = """
mutation Create($input: UploadCreateInput!) {
  uploadCreate(input: $input) {
    __typename
    ... on UploadCreateSuccess { upload { id expiresAt } url headers { name value } }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    id: str
    url: str
    headers: dict[str, str]

    @property
    def row_id(self) -> int:
        key = parse_global_id(self.id)
        assert key is not None
        return key.id

    async def put(self, content: bytes | AsyncIterator[bytes] = FILE, **changed: str) -> httpx2.Response:
        """`changed` are headers, by their names with underscores."""
        headers = self.headers | {name.replace("_", "-"): value for name, value in changed.items()}
        async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
            return await http.put(self.url, content=content, headers=headers)


async def ask(client: Client, **changed: object) -> Answer:
    picture = {"purpose": "AVATAR", "filename": "me.png", "contentType": "image/png", "sizeBytes": len(FILE)}
    return await client.execute(CREATE, input=picture | changed)


async def create(client: Client, **changed: object) -> Created:
    answer: Json = (await ask(client, **changed)).data["uploadCreate"]
    assert answer["__typename"] == "UploadCreateSuccess", answer
    headers = {header["name"]: header["value"] for header in answer["headers"]}
    return Created(id=answer["upload"]["id"], url=answer["url"], headers=headers)


async def sent(client: Client) -> Created:
    """An upload whose file has arrived."""
    created = await create(client)
    response = await created.put()
    assert response.status_code in {200, 204}, response.text
    return created


async def expire(server: Server, created: Created, seconds: float = 1) -> None:
    """As if its URL had expired so long ago."""
    async with server.services.database.write() as tx:
        ago = clock.seconds_from_now(-seconds)
        await tx.execute(update(Upload).where(Upload.id == created.row_id).values(expires_at=ago))


async def key_of(server: Server, created: Created) -> str:
    async with server.services.database.read() as reader:
        key = await reader.scalar(select(Upload.storage_key).where(Upload.id == created.row_id))
    assert key is not None
    return key


async def count_uploads(server: Server) -> int:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(func.count()).select_from(Upload)) or 0


async def keys_to_remove(server: Server) -> list[str]:
    async with server.services.database.read() as reader:
        return [key for (key,) in await reader.all(select(BlobRemoval.storage_key))]
