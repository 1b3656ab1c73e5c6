"""Parts of a file, after RFC 9110: one range at a time, and what is no range is no request for one."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import insert

from db.models.tables import Artifact, Job
from schema.types.nodes import global_id
from services.storage.storage import new_key
from tests.jobs import fetch, read
from tests.resolvers.stored import user_id_of
from tests.server import Server

pytestmark = pytest.mark.asyncio

CONTENT = bytes(range(256)) * 2400
SIZE = len(CONTENT)


@pytest_asyncio.fixture
async def url(server: Server) -> str:
    """Of a file of more than two pieces."""
    user = await server.user()
    key = new_key("exports")

    async def chunks() -> AsyncGenerator[bytes]:
        yield CONTENT

    await server.services.storage.put(key, chunks(), content_type="video/mp4", limit=SIZE)
    async with server.services.database.write() as tx:
        job = insert(Job).values(user_id=await user_id_of(user), kind="USER_EXPORT", status="SUCCEEDED")
        job_id = await tx.scalar(job.returning(Job.id))
        assert job_id is not None
        file = {"job_id": job_id, "name": "all.mp4", "content_type": "video/mp4", "size_bytes": SIZE}
        await tx.execute(insert(Artifact).values(**file, storage_key=key))
    found = await read(user, global_id("Job", job_id))
    assert found is not None
    address: str = found["artifacts"][0]["url"]
    return address


@pytest.mark.parametrize(
    ("sent", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=100-{SIZE * 2}", 100, SIZE),
        (f"bytes=262140-{SIZE - 2}", 262140, SIZE - 1),
        ("Bytes=1-1", 1, 2),
    ],
)
async def test_one_range(url: str, sent: str, start: int, end: int) -> None:
    answer = await fetch(url, Range=sent)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert "content-encoding" not in answer.headers
    assert answer.content == CONTENT[start:end]


@pytest.mark.parametrize("sent", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0", "bytes=9999999999999999-"])
async def test_behind_the_end(url: str, sent: str) -> None:
    answer = await fetch(url, Range=sent)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "sent",
    [
        "bytes=5-2",
        "bytes=a-b",
        "bytes=",
        "bytes=-",
        "bytes",
        "items=0-5",
        "bytes=0-1,5-6",
        "bytes=\u0661-\u0662",
        "bytes=+1-2",
    ],
)
async def test_no_range(url: str, sent: str) -> None:
    answer = await fetch(url, Range=sent)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "content-range" not in answer.headers


async def test_of_this_version_only(url: str) -> None:
    etag = (await fetch(url, "HEAD")).headers["etag"]
    same = await fetch(url, **{"Range": "bytes=0-4", "If-Range": etag})
    assert (same.status_code, same.content) == (206, CONTENT[:5])
    for other in ('"other"', f"W/{etag}", "Sat, 21 Nov 2026 11:00:00 GMT"):
        answer = await fetch(url, **{"Range": "bytes=0-4", "If-Range": other})
        assert (answer.status_code, len(answer.content)) == (200, SIZE)


async def test_head_has_no_range(url: str) -> None:
    answer = await fetch(url, "HEAD", Range="bytes=0-4")
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(SIZE))


async def test_resumed_piece_by_piece(url: str) -> None:
    got = b""
    while len(got) < SIZE:
        answer = await fetch(url, Range=f"bytes={len(got)}-{len(got) + 99_999}")
        assert answer.status_code == 206
        got += answer.content
    assert got == CONTENT
