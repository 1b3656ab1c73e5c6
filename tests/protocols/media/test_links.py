"""Signed links to files: who has one gets the file, and nobody gets one who is not the owner."""

import random
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import delete, select, update

from db.models.tables import Artifact
from schema.routes.media import disposition
from services.errors import NotFound
from services.identity.keys import Keyring
from services.jobs.downloads import PURPOSE
from services.settings import Settings
from services.storage.links import SignedLinks
from tests.client import Client, Json
from tests.exporting import blobs, folder_of
from tests.jobs import exported, fetch, read
from tests.server import Server, serving
from tests.settings import SECRET_KEY

pytestmark = pytest.mark.asyncio

MUTATIONS = 10_000
NOT_THERE = {"message": "There is nothing at this address.", "code": "NOT_FOUND"}


async def made(user: Client) -> Json:
    """The artifact of a new export."""
    artifact: Json = (await exported(user))["artifacts"][0]
    return artifact


def parts(url: str) -> tuple[str, str]:
    """The token and the name."""
    _, media, token, name = urlsplit(url).path.split("/")
    assert media == "media"
    return token, name


def check_not_there(answer: httpx2.Response) -> None:
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert {"message": error["message"], "code": error["extensions"]["code"]} == NOT_THERE
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


async def test_the_file_with_its_headers(server: Server) -> None:
    artifact = await made(await server.user())
    assert artifact["url"].startswith(f"{server.url}/media/")
    answer = await fetch(artifact["url"])
    assert answer.status_code == 200
    assert len(answer.content) == artifact["sizeBytes"] == int(answer.headers["content-length"])
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"vidwiz-export.zip\"; filename*=UTF-8''vidwiz-export.zip"
    )
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in answer.headers
    head = await fetch(artifact["url"], "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "content-disposition"):
        assert head.headers[name] == answer.headers[name]
    again = await fetch(artifact["url"], **{"If-None-Match": f'"other", W/{answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert (await fetch(artifact["url"], **{"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_other_methods(server: Server, method: str) -> None:
    answer = await fetch((await made(await server.user()))["url"], method)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_ten_thousand_altered_tokens(server: Server) -> None:
    """Changed, swapped, cut, extended, and of other letters that look alike."""
    token, name = parts((await made(await server.user()))["url"])
    downloads = server.services.downloads
    assert (await downloads.find(token, name)).blob.size_bytes > 0
    choices = random.Random(4)  # noqa: S311  no secret
    letters = string.ascii_letters + string.digits + "._-~ \0é٣"
    accepted: list[str] = []
    tried = 0
    while tried < MUTATIONS:
        place = choices.randrange(len(token))
        altered = choices.choice(
            [
                token[:place] + choices.choice(letters) + token[place + 1 :],
                token[:place] + token[place + 1 :],
                token[:place] + choices.choice(letters) + token[place:],
                token[:place] + token[place:].swapcase(),
                "0" + token,
                token[:place],
            ]
        )
        if altered == token:
            continue
        tried += 1
        try:
            await downloads.find(altered, name)
        except NotFound:
            continue
        accepted.append(altered)
    assert accepted == []


async def test_all_that_is_no_link_looks_alike(server: Server) -> None:
    user = await server.user()
    artifact = await made(user)
    token, name = parts(artifact["url"])
    row_id = int(token.partition(".")[0])
    later, before = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (60, -60))
    ours = SignedLinks(Keyring(SECRET_KEY.encode()), PURPOSE)
    assert (await fetch(f"{server.url}/media/{ours.sign(row_id, later)}/{name}")).status_code == 200
    bad = {
        "expired": ours.sign(row_id, before),
        "of another purpose": SignedLinks(Keyring(SECRET_KEY.encode()), "upload").sign(row_id, later),
        "of another key": SignedLinks(Keyring(b"x" * 32), PURPOSE).sign(row_id, later),
        "of no artifact": ours.sign(row_id + 1, later),
        "too large": ours.sign(2**63 - 1, later),
        "altered": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "nonsense": "nonsense",
    }
    for one in bad.values():
        check_not_there(await fetch(f"{server.url}/media/{one}/{name}"))
    check_not_there(await fetch(f"{server.url}/media/{token}/other.zip"))
    check_not_there(await fetch(f"{server.url}/media/{token}"))


async def test_dead_with_the_file(server: Server) -> None:
    url = (await made(await server.user()))["url"]
    async with server.services.database.read() as reader:
        key = await reader.scalar(select(Artifact.storage_key))
    assert key is not None
    await server.services.storage.remove(key)
    check_not_there(await fetch(url))
    async with server.services.database.write() as tx:
        await tx.execute(delete(Artifact))
    check_not_there(await fetch(url))


async def test_a_store_that_cannot_be_read(server: Server, settings: Settings) -> None:
    url = (await made(await server.user()))["url"]
    (key,) = blobs(settings)
    (folder_of(settings) / key).write_bytes(b"no blob of ours")
    answer = await fetch(url)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"


async def test_only_the_owner_is_given_one(server: Server) -> None:
    owner, stranger = await server.user(), await server.user()
    job = await exported(owner)
    asked = "query Asked($id: ID!) { node(id: $id) { ... on Artifact { url } ... on Job { artifacts { url } } } }"
    for thing in (job["id"], job["artifacts"][0]["id"]):
        assert (await owner.execute(asked, id=thing)).data["node"]
        assert (await stranger.execute(asked, id=thing)).data["node"] is None
        assert (await server.guest().execute(asked, id=thing)).data["node"] is None
    assert await read(stranger, job["id"]) is None


async def test_begins_with_the_public_address(settings: Settings) -> None:
    """Where the operator names one."""
    address = "https://vidwiz.example.com/api"
    async with serving(settings.model_copy(update={"public_url": address})) as server:
        url: str = (await made(await server.user()))["url"]
        assert url.startswith(f"{address}/media/")
        assert (await fetch(url.replace(address, server.url))).status_code == 200


NAMES = ["Ebbe & Flut, Übersicht.zip", 'a "quoted" name\\.zip', "100%.zip", "潮.zip", "a/b.zip"]


@pytest.mark.parametrize("name", NAMES)
async def test_any_name(server: Server, name: str) -> None:
    user = await server.user()
    job = await exported(user)
    async with server.services.database.write() as tx:
        await tx.execute(update(Artifact).values(name=name))
    found = await read(user, job["id"])
    assert found is not None
    answer = await fetch(found["artifacts"][0]["url"])
    if "/" in name:
        # No name of ours has one: it would be another place.
        check_not_there(answer)
        return
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == disposition(name)


async def test_dispositions() -> None:
    assert disposition('a"b\\ü%.zip') == "attachment; filename=\"a_b___.zip\"; filename*=UTF-8''a%22b%5C%C3%BC%25.zip"
    assert "\n" not in disposition("a\r\nSet-Cookie: b.zip")
