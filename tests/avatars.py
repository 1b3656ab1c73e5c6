"""Avatars through the API: set, removed, and looked at."""

from pathlib import Path

import httpx2
from sqlalchemy import select

from db.models.tables import User
from services.settings import Settings
from services.storage.opening import FOLDER
from tests.accounts import member
from tests.client import UNUSED_TLS, Answer, Client, Json
from tests.server import Server
from tests.services.media.corpus import plain
from tests.uploads import create

SET = """
mutation Set($id: ID!) {
  avatarSet(input: {uploadId: $id}) {
    __typename
    ... on AvatarSetSuccess { user { avatarUrl } }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
REMOVE = "mutation { avatarRemove { __typename ... on AvatarRemoveSuccess { user { avatarUrl } } } }"
URL = "query Url($size: Int) { viewer { user { avatarUrl(size: $size) } } }"
PICTURE = plain("PNG", 64, 48)
OTHER = plain("JPEG", 48, 64)


async def uploaded(client: Client, data: bytes = PICTURE) -> str:
    """The id of an upload whose file has arrived, and which says that it is a PNG."""
    created = await create(client, sizeBytes=len(data))
    response = await created.put(data)
    assert response.is_success, response.text
    return created.id


async def set_avatar(client: Client, upload_id: str) -> Answer:
    return await client.execute(SET, id=upload_id)


async def avatar(client: Client, data: bytes = PICTURE) -> str:
    """Set; its URL."""
    result = member(await set_avatar(client, await uploaded(client, data)))
    assert result["__typename"] == "AvatarSetSuccess", result
    url: str = result["user"]["avatarUrl"]
    return url


async def url_of(client: Client, size: int = 256) -> str:
    user: Json = (await client.execute(URL, size=size)).data["viewer"]["user"]
    url: str = user["avatarUrl"]
    return url


async def look(url: str, method: str = "GET", **headers: str) -> httpx2.Response:
    """With no credentials. Headers by their names with underscores."""
    async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.request(method, url, headers=sent)


async def stored_keys(server: Server) -> list[str | None]:
    """The folder of each user's avatar."""
    async with server.services.database.read() as reader:
        return [key for (key,) in await reader.all(select(User.avatar_key).order_by(User.id))]


def blobs(settings: Settings) -> set[str]:
    """What is in the blob store, by its keys."""
    folder: Path = settings.data_dir / FOLDER
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
