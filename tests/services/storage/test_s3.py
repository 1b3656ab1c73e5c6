"""What S3 alone does: URLs that it signs, and being away."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2
import pytest

from services.settings import Settings
from services.storage.opening import open_storage
from services.storage.storage import BlobMissing, PutTarget, Storage, StorageUnavailable, new_key
from tests.client import UNUSED_TLS
from tests.conditions import until
from tests.servers.ports import free_port
from tests.servers.seaweedfs import S3Server, running
from tests.services.storage.blobs import PNG, put, read
from tests.settings import settings_for

UNUSED = "sqlite:///unused.db"
pytestmark = pytest.mark.asyncio
FILE = b"the picture"


async def send(target: PutTarget, content: bytes = FILE, *, method: str = "PUT", **changed: str) -> int:
    """The status. `changed` are headers, by their names with underscores."""
    headers = dict(target.headers) | {name.replace("_", "-"): value for name, value in changed.items()}
    async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
        return (await http.request(method, target.url, content=content, headers=headers)).status_code


def altered(target: PutTarget, *, path: str | None = None, **parameters: str) -> PutTarget:
    url = urlsplit(target.url)
    query = dict(parse_qsl(url.query)) | {name.replace("_", "-"): value for name, value in parameters.items()}
    return PutTarget(
        url=urlunsplit((url.scheme, url.netloc, path or url.path, urlencode(query), "")), headers=target.headers
    )


@pytest.fixture
def storage_settings(s3_server: S3Server, tmp_path: Path) -> Settings:
    return settings_for(UNUSED, tmp_path, **s3_server.settings)


async def presigned(storage: Storage, key: str, *, seconds: float = 60) -> PutTarget:
    target = await storage.presign_put(key, content_type=PNG, size_bytes=len(FILE), seconds=seconds)
    assert target is not None
    return target


async def test_a_signed_url_takes_the_file_that_was_announced(storage: Storage) -> None:
    key = new_key("uploads")
    target = await presigned(storage, key)
    assert await send(target) == 200
    blob = await storage.stat(key)
    assert (blob.size_bytes, blob.content_type) == (len(FILE), PNG)
    assert await read(storage, key) == FILE


async def test_a_signed_url_takes_no_other_file(storage: Storage) -> None:
    key, other = new_key("uploads"), new_key("uploads")
    target = await presigned(storage, key)
    bucket = urlsplit(target.url).path.split("/")[1]
    refused = [
        await send(target, FILE + b"!"),
        await send(target, FILE[:-1]),
        await send(target, b""),
        await send(target, content_type="image/svg+xml"),
        await send(target, content_type="text/html"),
        await send(altered(target, path=f"/{bucket}/{other}")),
        await send(altered(target, path=f"/elsewhere/{key}")),
        await send(altered(target, X_Amz_Expires="6000")),
        await send(altered(target, X_Amz_SignedHeaders="host"), FILE + b"!"),
        await send(altered(target, X_Amz_Signature="0" * 64)),
        await send(target, b"", method="DELETE"),
        await send(target, b"", method="GET"),
    ]
    assert set(refused) == {403}
    for one in (key, other):
        with pytest.raises(BlobMissing):
            await storage.stat(one)


async def test_a_signed_url_expires(storage: Storage) -> None:
    key = new_key("uploads")
    target = await presigned(storage, key, seconds=1)

    async def has_expired() -> bool:
        return await send(target) == 403

    await until(has_expired)


async def test_wrong_credentials_are_no_missing_blob(s3_server: S3Server, tmp_path: Path) -> None:
    wrong = settings_for(UNUSED, tmp_path, **{**s3_server.settings, "aws_secret_access_key": "another-secret"})
    async with open_storage(wrong) as storage:
        for doing in (storage.check(), storage.stat(new_key("uploads")), put(storage, new_key("uploads"), FILE)):
            with pytest.raises(StorageUnavailable):
                await doing


async def test_a_bucket_that_is_not_there_is_no_missing_blob(s3_server: S3Server, tmp_path: Path) -> None:
    wrong = settings_for(UNUSED, tmp_path, **{**s3_server.settings, "s3_bucket": "nobody-made-this"})
    async with open_storage(wrong) as storage:
        for doing in (storage.check(), put(storage, new_key("uploads"), FILE), read(storage, new_key("uploads"))):
            with pytest.raises(StorageUnavailable):
                await doing


async def test_a_store_that_is_away_says_so_and_comes_back(tmp_path: Path) -> None:
    folder, port = tmp_path / "store", free_port()
    folder.mkdir()
    key = new_key("avatars")
    with running(folder, port) as server:
        settings = settings_for(UNUSED, tmp_path, **server.settings)
    async with open_storage(settings) as storage:
        # At once, as each tries several times.
        outcomes = await asyncio.gather(
            storage.check(),
            put(storage, key, FILE),
            storage.stat(key),
            read(storage, key),
            storage.remove(key),
            storage.remove(f"{key}/"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 6
        with running(folder, port):
            await put(storage, key, FILE)
            assert await read(storage, key) == FILE
