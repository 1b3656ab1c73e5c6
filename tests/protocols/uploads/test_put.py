"""PUT /uploads/{token}: the announced file, and nothing else."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest

from schema.routes import uploads as route
from services.settings import Settings
from services.storage.storage import BlobMissing
from services.storage.sweep import BlobSweep
from services.uploads import UploadPurpose, claim
from tests.client import UNUSED_TLS
from tests.conditions import until
from tests.protocols.http.exchanges import assert_refused
from tests.protocols.uploads.exchange import connected, head, status_of
from tests.resolvers.stored import user_id_of
from tests.server import Server, serving
from tests.uploads import FILE, Created, create, expire, key_of, sent

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]


async def content_of(server: Server, created: Created) -> bytes | None:
    try:
        async with server.services.storage.read(await key_of(server, created)) as pieces:
            return b"".join([piece async for piece in pieces])
    except BlobMissing:
        return None


def left_over(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]


async def in_parts(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def test_the_file_is_kept_as_it_was_sent(server: Server) -> None:
    created = await create(await server.user())
    response = await created.put()
    assert (response.status_code, response.content) == (204, b"")
    assert await content_of(server, created) == FILE


async def test_a_file_may_come_in_parts_of_unknown_number(server: Server) -> None:
    created = await create(await server.user())
    assert (await created.put(in_parts(FILE[:5], FILE[5:]))).status_code == 204
    assert await content_of(server, created) == FILE


async def test_a_large_file_is_kept(server: Server) -> None:
    large = bytes(range(256)) * 4 * 1024 * 5
    created = await create(await server.user(), sizeBytes=len(large))
    assert (await created.put(large)).status_code == 204
    assert await content_of(server, created) == large


async def test_until_it_is_used_another_file_may_be_sent_in_its_place(server: Server) -> None:
    user = await server.user()
    created, other = await sent(user), FILE[::-1]
    assert (await created.put(other)).status_code == 204
    assert await content_of(server, created) == other
    async with server.services.database.write() as tx:
        await claim(tx, await user_id_of(user), created.row_id, UploadPurpose.AVATAR)
    assert_refused(await created.put(), 409)
    assert await content_of(server, created) == other


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "image/jpeg"}, 415),
        ({"Content_Type": "image/png; charset=utf-8"}, 415),
        ({"Content_Type": "text/html"}, 415),
        ({"Content_Type": ""}, 415),
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Range": "bytes 0-4/5"}, 400),
    ],
)
async def test_a_head_that_does_not_fit_is_refused(server: Server, headers: dict[str, str], status: int) -> None:
    created = await create(await server.user())
    assert_refused(await created.put(FILE, **headers), status)
    assert await content_of(server, created) is None


@pytest.mark.parametrize("in_one", [True, False])
@pytest.mark.parametrize(("content", "status"), [(FILE + b"!", 413), (FILE * 1000, 413), (FILE[:-1], 400), (b"", 400)])
async def test_a_file_of_another_size_is_refused(
    server: Server, settings: Settings, content: bytes, status: int, *, in_one: bool
) -> None:
    created = await create(await server.user())
    assert_refused(await created.put(content if in_one else in_parts(content)), status)
    assert await content_of(server, created) is None
    assert left_over(settings) == []


async def test_no_more_is_read_than_was_announced(server: Server) -> None:
    created = await create(await server.user())
    async with connected(created) as (reader, writer):
        writer.write(head(created, "Transfer-Encoding: chunked") + b"%x\r\n" % 2**40 + b"x" * 1000)
        assert await status_of(reader) == 413
    assert await content_of(server, created) is None


async def test_a_size_that_is_too_large_is_refused_unread(server: Server) -> None:
    created = await create(await server.user())
    for size in (len(FILE) + 1, 10**17):
        async with connected(created) as (reader, writer):
            writer.write(head(created, f"Content-Length: {size}", "Expect: 100-continue"))
            assert await status_of(reader) == 413


async def test_a_file_that_comes_too_slowly_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "SLOWEST_BYTES_A_SECOND", 1_000_000)
    async with serving(settings.model_copy(update={"receive_seconds": 0.5}), work=False) as server:
        created = await create(await server.user())
        async with connected(created) as (reader, writer):
            writer.write(head(created, f"Content-Length: {len(FILE)}") + FILE[:5])
            assert await status_of(reader) == 408
        assert await content_of(server, created) is None
    assert left_over(settings) == []


async def test_a_client_that_leaves_half_way_leaves_nothing(server: Server, settings: Settings) -> None:
    created = await create(await server.user())
    async with connected(created) as (_, writer):
        writer.write(head(created, f"Content-Length: {len(FILE)}") + FILE[:5])
        await writer.drain()

        async def has_begun() -> bool:
            return bool(left_over(settings))

        await until(has_begun)

    async def is_gone() -> bool:
        return not left_over(settings)

    await until(is_gone)
    assert (await created.put()).status_code == 204


async def test_of_one_upload_one_file_arrives_at_a_time(server: Server, settings: Settings) -> None:
    created = await create(await server.user())
    async with connected(created) as (reader, writer):
        writer.write(head(created, f"Content-Length: {len(FILE)}") + FILE[:5])

        async def has_begun() -> bool:
            return bool(left_over(settings))

        await until(has_begun)
        assert_refused(await created.put(), 409)
        writer.write(FILE[5:])
        assert await status_of(reader) == 204
    assert await content_of(server, created) == FILE


async def test_after_its_time_an_upload_takes_nothing(server: Server) -> None:
    created = await create(await server.user())
    await expire(server, created)
    assert_refused(await created.put(), 410)
    assert await content_of(server, created) is None


async def test_an_upload_that_is_used_while_its_file_arrives_keeps_nothing(server: Server, settings: Settings) -> None:
    user = await server.user()
    created = await create(user)
    async with connected(created) as (reader, writer):
        writer.write(head(created, f"Content-Length: {len(FILE)}") + FILE[:5])

        async def has_begun() -> bool:
            return bool(left_over(settings))

        await until(has_begun)
        async with server.services.database.write() as tx:
            await claim(tx, await user_id_of(user), created.row_id, UploadPurpose.AVATAR)
        writer.write(FILE[5:])
        assert await status_of(reader) == 409
    await BlobSweep(server.services.database, server.services.storage, kept_seconds=0).sweep()
    assert left_over(settings) == []


async def test_other_methods_are_refused(server: Server) -> None:
    created = await create(await server.user())
    async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
        for method in ("GET", "POST", "DELETE", "PATCH", "OPTIONS"):
            response = await http.request(method, created.url, content=FILE, headers=created.headers)
            assert_refused(response, 405, method)
            assert response.headers["Allow"] == "PUT"
    assert await content_of(server, created) is None


async def test_a_store_that_is_away_is_told_so(server: Server, settings: Settings) -> None:
    created = await create(await server.user())
    # A file where the folder should be: even root can make nothing below it.
    blobs = settings.data_dir / "blobs"
    blobs.write_text("")
    response = await created.put()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert response.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"
    blobs.unlink()
    assert (await created.put()).status_code == 204


async def test_pages_of_our_origins_may_send_files(settings: Settings) -> None:
    origins = settings.model_copy(update={"cors_origins": ("https://app.example",)})
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    async with serving(origins, work=False) as server:
        created = await create(await server.user())
        async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
            allowed = await http.options(created.url, headers=asked | {"Origin": "https://app.example"})
            refused = await http.options(created.url, headers=asked | {"Origin": "https://evil.example"})
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "PUT" in allowed.headers["Access-Control-Allow-Methods"]
        assert "Access-Control-Allow-Origin" not in refused.headers
        response = await created.put(Origin="https://app.example")
        assert response.status_code == 204
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"


async def test_files_of_several_uploads_arrive_side_by_side(server: Server) -> None:
    user = await server.user()
    created = [await create(user, sizeBytes=100_000) for _ in range(10)]
    async with asyncio.TaskGroup() as group:
        puts = [group.create_task(one.put(bytes([index]) * 100_000)) for index, one in enumerate(created)]
    assert {one.result().status_code for one in puts} == {204}
    for index, one in enumerate(created):
        assert await content_of(server, one) == bytes([index]) * 100_000
