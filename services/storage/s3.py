"""Blobs in a bucket of S3, or of a store that speaks its protocol."""

import math
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

import aiohttp

# None of these three has types.
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
from aiobotocore.session import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    get_session,  # pyright: ignore[reportUnknownVariableType]
)
from botocore.exceptions import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    BotoCoreError,
    ClientError,
)

from services.settings import Settings
from services.storage.files import off_the_loop
from services.storage.storage import (
    Blob,
    BlobMissing,
    BlobTooLarge,
    PutTarget,
    StorageUnavailable,
    check_key,
    check_type,
    is_folder,
)

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import ObjectIdentifierTypeDef

CONNECT_SECONDS = 2
ANSWER_SECONDS = 10
TRIES = 3
MOST_CONNECTIONS = 50
IN_MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
DEFAULT_REGION = "us-east-1"
MISSING = {"NoSuchKey", "404"}
BEYOND = {"InvalidRange", "416"}


@asynccontextmanager
async def open_s3(settings: Settings, bucket: str) -> AsyncGenerator["S3Storage"]:
    """One client for the process. Nothing is asked of the store yet."""
    secret = settings.aws_secret_access_key
    opening = get_session().create_client(  # pyright: ignore[reportUnknownMemberType]  aiobotocore has no types
        "s3",
        region_name=settings.aws_region or DEFAULT_REGION,
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=AioConfig(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            max_pool_connections=MOST_CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            # Other stores have no name of their own for each bucket, and may not know the newer checksums.
            s3={"addressing_style": "path" if settings.s3_endpoint_url else "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    async with opening as client:
        yield S3Storage(cast("S3Client", client), bucket, settings.data_dir)


class S3Storage:
    name = "s3"

    def __init__(self, client: "S3Client", bucket: str, scratch: Path) -> None:
        """What arrives is gathered in a nameless file in `scratch` first: S3 wants to know its length."""
        self._client = client
        self._bucket = bucket
        self._scratch = scratch

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int) -> Blob:
        check_key(key)
        check_type(content_type)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(self._scratch)) as gathered:
            size = await _gather(chunks, gathered, limit)
            with _translated():
                answer = await self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=gathered, ContentLength=size, ContentType=content_type
                )
        return Blob(size_bytes=size, content_type=content_type, etag=answer["ETag"].strip('"'))

    async def stat(self, key: str) -> Blob:
        with _translated():
            found = await self._client.head_object(Bucket=self._bucket, Key=check_key(key))
        return Blob(size_bytes=found["ContentLength"], content_type=found["ContentType"], etag=found["ETag"].strip('"'))

    @asynccontextmanager
    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        check_key(key)
        if end is not None and end <= start:
            await self.stat(key)
            yield _nothing()
            return
        wanted = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with _translated():
                answer = await self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)
        except _NothingThere:
            yield _nothing()
            return
        body = cast("_Body", answer["Body"])
        try:
            yield _pieces(body)
        finally:
            body.close()

    async def remove(self, key: str) -> None:
        with _translated():
            if not is_folder(key):
                await self._client.delete_object(Bucket=self._bucket, Key=key)
                return
            while await self._remove_some(key):
                pass

    async def _remove_some(self, prefix: str) -> bool:
        """Whether there were any; the store lists a thousand at once."""
        listed = await self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        found: list[ObjectIdentifierTypeDef] = [
            {"Key": one["Key"]} for one in listed.get("Contents", []) if "Key" in one
        ]
        if not found:
            return False
        answer = await self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": found, "Quiet": True})
        if answer.get("Errors"):
            raise StorageUnavailable("some blobs of a folder were not removed")
        return True

    async def check(self) -> None:
        try:
            with _translated():
                await self._client.head_bucket(Bucket=self._bucket)
        except BlobMissing:
            raise StorageUnavailable("there is no such bucket") from None

    async def tidy(self) -> None:
        """Nothing: an object appears whole, or not at all."""

    async def presign_put(self, key: str, *, content_type: str, size_bytes: int, seconds: float) -> PutTarget | None:
        with _translated():
            url = await self._client.generate_presigned_url(
                "put_object",
                # Type and length are signed, so that the store refuses any other.
                Params={
                    "Bucket": self._bucket,
                    "Key": check_key(key),
                    "ContentType": check_type(content_type),
                    "ContentLength": size_bytes,
                },
                ExpiresIn=math.ceil(seconds),
            )
        return PutTarget(url=url, headers={"Content-Type": content_type})


class _NothingThere(Exception):
    """The range begins beyond the end."""


_ErrorAnswer = Mapping[str, Mapping[str, str]]


class _Body(Protocol):
    """What is used of the body of an answer."""

    def iter_chunks(self, chunk_size: int, /) -> AsyncIterator[bytes]: ...
    def close(self) -> None: ...


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        answer = cast("_ErrorAnswer", error.response)
        code = answer.get("Error", {}).get("Code", "")
        if code in MISSING:
            raise BlobMissing from None
        if code in BEYOND:
            raise _NothingThere from None
        raise StorageUnavailable(f"the store answers {code or 'an error'}") from error
    # Each of these three is raised for a connection that breaks, depending on when it does.
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        raise StorageUnavailable(type(error).__name__) from error


async def _gather(chunks: AsyncIterator[bytes], gathered: "IO[bytes]", limit: int) -> int:
    """Their size. Raises BlobTooLarge."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise BlobTooLarge
        await off_the_loop(gathered.write, chunk)
    gathered.seek(0)
    return size


async def _nothing() -> AsyncGenerator[bytes]:
    for piece in tuple[bytes, ...]():
        yield piece


async def _pieces(body: _Body) -> AsyncGenerator[bytes]:
    with _translated():
        async for piece in body.iter_chunks(PIECE_BYTES):
            yield piece
