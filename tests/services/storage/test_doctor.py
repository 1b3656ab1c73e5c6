"""What `vidwiz doctor` says about where blobs are kept."""

from pathlib import Path

import pytest

from services.doctor import Finding, examine
from services.settings import Settings
from tests.servers.ports import free_port
from tests.servers.seaweedfs import S3Server
from tests.settings import settings_for

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("databases", ["sqlite"], indirect=True)]


async def finding(settings: Settings, *words: str) -> Finding:
    found = [one async for one in examine(settings) if any(word in one.text for word in words)]
    (only,) = found
    return only


async def test_a_folder_that_can_be_written_is_fine(settings: Settings) -> None:
    assert await finding(settings, "lobs") == Finding(is_fine=True, text="Blobs can be kept.")
    assert [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()] == []


async def test_a_folder_that_cannot_be_written_is_told(settings: Settings) -> None:
    (settings.data_dir / "blobs").write_text("no folder")
    told = await finding(settings, "lobs")
    assert not told.is_fine
    assert "DATA_DIR" in told.text


async def test_a_bucket_that_answers_is_fine(database_url: str, tmp_path: Path, s3_server: S3Server) -> None:
    told = await finding(settings_for(database_url, tmp_path, **s3_server.settings), "S3")
    assert told == Finding(is_fine=True, text="S3 answers.")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"s3_bucket": "nobody-made-this"}, "no such bucket"),
        ({"aws_secret_access_key": "wrong-secret"}, "403"),
        ({"s3_endpoint_url": f"http://127.0.0.1:{free_port()}"}, "EndpointConnectionError"),
    ],
)
async def test_a_bucket_that_does_not_is_told(
    database_url: str, tmp_path: Path, s3_server: S3Server, changes: dict[str, object], why: str
) -> None:
    told = await finding(settings_for(database_url, tmp_path, **(dict(s3_server.settings) | changes)), "S3")
    assert not told.is_fine
    assert "S3_BUCKET" in told.text
    assert why in told.text
    assert "secret" not in told.text
