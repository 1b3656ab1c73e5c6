"""What every store promises, of each store."""

import asyncio
from collections.abc import AsyncGenerator
from hashlib import sha256

import pytest

from services.storage.storage import BlobMissing, BlobTooLarge, Storage, new_key
from tests.services.storage.blobs import LIMIT, PNG, ConnectionBroke, broken_after, chunks_of, put, read, traversals

pytestmark = pytest.mark.asyncio
CONTENT = bytes(range(256)) * 5_000


async def test_a_blob_is_read_as_it_was_put(storage: Storage) -> None:
    key = new_key("uploads")
    blob = await storage.put(key, chunks_of(b"one ", b"", b"two"), content_type=PNG, limit=7)
    assert (blob.size_bytes, blob.content_type) == (7, PNG)
    assert await storage.stat(key) == blob
    assert await read(storage, key) == b"one two"


async def test_an_empty_blob_is_a_blob(storage: Storage) -> None:
    key = new_key("uploads")
    await put(storage, key, b"")
    assert (await storage.stat(key)).size_bytes == 0
    assert await read(storage, key) == b""
    assert await read(storage, key, start=0, end=5) == b""


async def test_a_large_blob_comes_in_pieces(storage: Storage) -> None:
    key = new_key("uploads")
    await storage.put(key, chunks_of(*[CONTENT] * 4), content_type=PNG, limit=LIMIT)
    async with storage.read(key) as pieces:
        lengths: list[int] = []
        digest = sha256()
        async for piece in pieces:
            lengths.append(len(piece))
            digest.update(piece)
    assert digest.digest() == sha256(CONTENT * 4).digest()
    assert len(lengths) > 4
    assert max(lengths) <= 256 * 1024


@pytest.mark.parametrize(
    ("start", "end"),
    [
        *[(0, 1), (0, None), (5, 5), (5, 4), (0, 0), (1, 2), (255, 300_000), (1_000, 9_999_999)],
        *[(1_279_999, None), (1_279_999, 1_280_000), (1_280_000, None), (1_280_000, 1_280_001), (2_000_000, None)],
    ],
)
async def test_a_part_is_what_a_slice_would_be(storage: Storage, start: int, end: int | None) -> None:
    key = new_key("films")
    await put(storage, key, CONTENT)
    assert await read(storage, key, start=start, end=end) == CONTENT[start:end]


async def test_a_second_put_replaces_the_first(storage: Storage) -> None:
    key = new_key("uploads")
    first = await put(storage, key, b"the first, which is longer")
    second = await put(storage, key, b"the second", content_type="image/webp")
    assert first.etag != second.etag
    assert await storage.stat(key) == second
    assert second.content_type == "image/webp"
    assert await read(storage, key) == b"the second"


async def test_what_is_not_there_is_missing(storage: Storage) -> None:
    key = new_key("uploads")
    with pytest.raises(BlobMissing):
        await storage.stat(key)
    for end in (None, 0, 10):
        with pytest.raises(BlobMissing):
            await read(storage, key, end=end)
    await storage.remove(key)
    await storage.remove(f"{key}/")


async def test_a_removed_blob_is_missing_and_its_neighbours_are_not(storage: Storage) -> None:
    folder = new_key("avatars")
    await put(storage, f"{folder}/64.webp", b"small")
    await put(storage, f"{folder}/512.webp", b"large")
    await storage.remove(f"{folder}/64.webp")
    with pytest.raises(BlobMissing):
        await storage.stat(f"{folder}/64.webp")
    assert await read(storage, f"{folder}/512.webp") == b"large"
    await storage.remove(f"{folder}/512.webp")
    await put(storage, f"{folder}/64.webp", b"again")
    assert await read(storage, f"{folder}/64.webp") == b"again"


async def test_a_folder_is_removed_with_all_that_is_below_it_and_nothing_else(storage: Storage) -> None:
    folder, other = new_key("avatars"), new_key("avatars")
    for name in ("64.webp", "128.webp", "512.webp"):
        await put(storage, f"{folder}/{name}", b"picture")
        await put(storage, f"{other}/{name}", b"picture")
    await storage.remove(f"{folder}/")
    await storage.remove(f"{folder}/")
    for name in ("64.webp", "128.webp", "512.webp"):
        with pytest.raises(BlobMissing):
            await storage.stat(f"{folder}/{name}")
        assert await read(storage, f"{other}/{name}") == b"picture"


@pytest.mark.parametrize("parts", [[b"x" * 11], [b"x" * 10, b"y"], [b"x"] * 11])
async def test_a_blob_beyond_the_limit_is_not_kept(storage: Storage, parts: list[bytes]) -> None:
    key = new_key("uploads")
    with pytest.raises(BlobTooLarge):
        await storage.put(key, chunks_of(*parts), content_type=PNG, limit=10)
    with pytest.raises(BlobMissing):
        await storage.stat(key)


async def test_what_breaks_half_way_leaves_what_was_there_before(storage: Storage) -> None:
    key = new_key("uploads")
    for before in (None, b"before"):
        if before is not None:
            await put(storage, key, before)
        with pytest.raises(ConnectionBroke):
            await storage.put(key, broken_after(b"half", b"x" * 2_000_000), content_type=PNG, limit=LIMIT)
        if before is None:
            with pytest.raises(BlobMissing):
                await storage.stat(key)
        else:
            assert await read(storage, key) == before


async def test_a_put_that_is_cancelled_leaves_nothing(storage: Storage) -> None:
    key, reached, never = new_key("uploads"), asyncio.Event(), asyncio.Event()

    async def stuck() -> None:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"some"
            reached.set()
            await never.wait()

        await storage.put(key, chunks(), content_type=PNG, limit=LIMIT)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(stuck())
        await reached.wait()
        task.cancel()
    with pytest.raises(BlobMissing):
        await storage.stat(key)


async def test_a_thousand_blobs_keep_apart_and_a_folder_of_more_than_a_thousand_goes(storage: Storage) -> None:
    folder, others = new_key("films"), [new_key("films") for _ in range(200)]
    keys = [f"{folder}/{number}" for number in range(1_001)] + others
    gate = asyncio.Semaphore(32)

    async def keep(key: str) -> None:
        async with gate:
            await put(storage, key, key.encode())

    async with asyncio.TaskGroup() as group:
        for key in keys:
            group.create_task(keep(key))
    for key in keys[::50]:
        assert await read(storage, key) == key.encode()
    await storage.remove(f"{folder}/")
    for key in keys[:1_001:20]:
        with pytest.raises(BlobMissing):
            await storage.stat(key)
    for key in others[::20]:
        assert await read(storage, key) == key.encode()


async def test_of_puts_at_once_one_is_kept_whole(storage: Storage) -> None:
    key = new_key("uploads")
    contents = [bytes([number]) * 100_000 for number in range(20)]
    async with asyncio.TaskGroup() as group:
        for content in contents:
            group.create_task(put(storage, key, content))
    assert await read(storage, key) in contents


async def test_who_reads_is_not_disturbed_by_a_new_blob(storage: Storage) -> None:
    key = new_key("uploads")
    await put(storage, key, b"a" * 100_000)
    async with storage.read(key) as pieces:
        await put(storage, key, b"b" * 100_000)
        assert b"".join([piece async for piece in pieces]) == b"a" * 100_000


@pytest.mark.parametrize("key", list(traversals()))
async def test_a_key_that_nobody_made_is_refused(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        await put(storage, key, b"x")
    with pytest.raises(ValueError, match="key"):
        await storage.stat(key)
    with pytest.raises(ValueError, match="key"):
        await read(storage, key)
    with pytest.raises(ValueError, match="key"):
        await storage.remove(key)
    with pytest.raises(ValueError, match="key"):
        await storage.presign_put(key, content_type=PNG, size_bytes=1, seconds=60)


@pytest.mark.parametrize(
    "content_type", ["", "image", "image/pngé", "image/png\r\nX-Evil: 1", "画像/png", "image/png;"]
)
async def test_what_is_no_content_type_is_refused(storage: Storage, content_type: str) -> None:
    key = new_key("uploads")
    with pytest.raises(ValueError, match="content type"):
        await put(storage, key, b"x", content_type=content_type)
    with pytest.raises(BlobMissing):
        await storage.stat(key)


async def test_a_content_type_may_name_its_characters(storage: Storage) -> None:
    key = new_key("exports")
    await put(storage, key, "ünï".encode(), content_type="text/plain; charset=utf-8")
    assert (await storage.stat(key)).content_type == "text/plain; charset=utf-8"


async def test_the_store_can_be_tried_out(storage: Storage) -> None:
    await storage.check()
    await storage.tidy()
