"""Files on their way in: announced first, sent to a signed URL, then used once by what they were announced for."""

import math
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from db.queries import uploads as queries
from db.queries.uploads import UploadRow
from db.sessions import Sessions, Transaction
from services import limits
from services.errors import NotFound, Overloaded, ProblemCode, RateLimited, Unauthenticated, UnauthenticatedReason
from services.identity.keys import Keyring
from services.storage.links import SignedLinks
from services.storage.removal import remove_later
from services.storage.storage import BlobMissing, PutTarget, Storage, StorageUnavailable, new_key
from services.storage.sweep import ARRIVING_SECONDS
from services.validation import Checks

FOLDER = "uploads"
MOST_PENDING = 10
"""Uploads of one user that are kept and not used, whether or not their file has come."""


class UploadPurpose(StrEnum):
    AVATAR = "AVATAR"
    TRANSCRIPT = "TRANSCRIPT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What may be sent for a purpose."""

    content_types: tuple[str, ...]
    formats: str
    """The same, as people call them."""
    largest_bytes: int


ACCEPTED: Mapping[UploadPurpose, Accepted] = {
    UploadPurpose.AVATAR: Accepted(
        content_types=("image/png", "image/jpeg", "image/webp"),
        formats="PNG, JPEG or WebP",
        largest_bytes=limits.AVATAR_BYTES,
    ),
    # Browsers know few of these by name, and say of the others what they say of any file.
    UploadPurpose.TRANSCRIPT: Accepted(
        content_types=(
            "text/plain",
            "text/vtt",
            "text/srt",
            "application/x-subrip",
            "application/json",
            "application/octet-stream",
        ),
        formats="SRT, VTT, JSON or plain text",
        largest_bytes=limits.TRANSCRIPT_BYTES,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    row: UploadRow
    target: PutTarget


class UploadRefused(Exception):
    """What was sent is not what was announced, or not in time."""


class UploadExpired(UploadRefused):
    pass


class UploadUsed(UploadRefused):
    pass


class UploadUnderWay(UploadRefused):
    pass


class FileTooLong(UploadRefused):
    pass


class FileTooShort(UploadRefused):
    pass


class UploadService:
    def __init__(
        self, database: Sessions, storage: Storage, keyring: Keyring, *, open_seconds: float, kept_seconds: float
    ) -> None:
        """A file may be sent for `open_seconds`, and used for `kept_seconds` more."""
        self._database = database
        self._storage = storage
        self._links = SignedLinks(keyring, "upload")
        self._open_seconds = open_seconds
        self._kept_seconds = kept_seconds
        self._arriving: set[int] = set()

    async def create(
        self,
        user_id: int | None,
        *,
        purpose: UploadPurpose,
        filename: str,
        content_type: str,
        size_bytes: int,
        base_url: str,
    ) -> NewUpload:
        """Where to send the file; `base_url` is this server's. Without a user, the operator's.

        Raises InvalidInput, RateLimited when the user has too many uploads that are not used, or Overloaded.
        """
        filename = _check(purpose, filename, content_type, size_bytes)
        key = new_key(FOLDER)
        async with self._database.write() as tx:
            if user_id is not None:
                await _make_room(tx, user_id)
            adding = queries.add(
                user_id=user_id,
                purpose=purpose,
                filename=filename,
                content_type=content_type,
                size_bytes=size_bytes,
                storage_key=key,
                open_seconds=self._open_seconds,
            )
            row = UploadRow(*(await tx.all(adding))[0])
        try:
            target = await self._storage.presign_put(
                key, content_type=content_type, size_bytes=size_bytes, seconds=self._open_seconds
            )
        except StorageUnavailable:
            raise Overloaded from None
        return NewUpload(row=row, target=target or self._our_target(row, base_url))

    async def announced(self, token: str) -> UploadRow:
        """The upload whose file may be sent to the URL with this token. Raises NotFound, UploadUsed or UploadExpired."""
        link = self._links.read(token)
        row = None if link is None else await self._find(link.row_id)
        if row is None:
            raise NotFound
        if row.state != queries.PENDING:
            raise UploadUsed
        if not row.is_open:
            raise UploadExpired
        return row

    async def receive(self, row: UploadRow, chunks: AsyncIterator[bytes]) -> None:
        """Keep the file of an upload, in place of one that was sent before.

        Raises FileTooLong, FileTooShort, UploadUnderWay, or UploadUsed when it was used in the meantime.
        """
        with self._alone(row.id):
            exactly = _exactly(chunks, row.size_bytes)
            await self._storage.put(row.storage_key, exactly, content_type=row.content_type, limit=row.size_bytes)
        async with self._database.write() as tx:
            known = await tx.row(UploadRow, queries.by_id(row.id))
            is_wanted = known is not None and known.state == queries.PENDING
            if not is_wanted:
                await remove_later(tx, row.storage_key)
        if not is_wanted:
            raise UploadUsed

    async def waiting(self, user_id: int | None, upload_id: int, purpose: UploadPurpose) -> UploadRow:
        """The user's upload (None: the operator's), whose file has arrived, and which nobody has used yet.

        Raises NotFound, and Overloaded while the store is away.
        """
        async with self._database.read() as reader:
            row = await reader.row(UploadRow, queries.waiting(user_id, upload_id, purpose, self._kept_seconds))
        if row is None:
            raise NotFound("Upload not found.")
        try:
            blob = await self._storage.stat(row.storage_key)
        except BlobMissing:
            raise NotFound("The file of the upload has not arrived.") from None
        except StorageUnavailable:
            raise Overloaded from None
        if blob.size_bytes != row.size_bytes:
            raise NotFound("The file of the upload has not arrived.")
        return row

    async def _find(self, upload_id: int) -> UploadRow | None:
        async with self._database.read() as reader:
            return await reader.row(UploadRow, queries.by_id(upload_id))

    def _our_target(self, row: UploadRow, base_url: str) -> PutTarget:
        token = self._links.sign(row.id, row.expires_at)
        return PutTarget(url=f"{base_url}/uploads/{token}", headers={"Content-Type": row.content_type})

    @contextmanager
    def _alone(self, upload_id: int) -> Generator[None]:
        """A file takes room while it arrives, so that of one upload only one arrives at a time."""
        if upload_id in self._arriving:
            raise UploadUnderWay
        self._arriving.add(upload_id)
        try:
            yield
        finally:
            self._arriving.remove(upload_id)


async def claim(tx: Transaction, user_id: int | None, upload_id: int, purpose: UploadPurpose) -> UploadRow:
    """Use an upload that was `waiting`, once. Raises NotFound when somebody was faster.

    What the caller keeps of the file is a blob of its own; the upload's own is for `remove_later`.
    """
    row = await tx.row(UploadRow, queries.claim(user_id, upload_id, purpose))
    if row is None:
        raise NotFound("Upload not found.")
    return row


async def disown(tx: Transaction, user_id: int) -> None:
    """For a user who is about to be deleted: no upload names them any more, and none can be used.

    The rows stay until no file can arrive any more, so that one which arrives late is swept, too.
    """
    keys = await tx.all(queries.disown(user_id))
    await remove_later(tx, *(key for (key,) in keys))


def _check(purpose: UploadPurpose, filename: str, content_type: str, size_bytes: int) -> str:
    """The name, trimmed. Raises InvalidInput."""
    accepted = ACCEPTED[purpose]
    checks = Checks()
    trimmed = checks.text(filename, "filename", maximum=limits.FILENAME_LENGTH)
    if any(unicodedata.category(character) == "Cc" for character in trimmed):
        checks.add(["filename"], ProblemCode.INVALID_CHARACTER, "Filename contains a control character.")
    if content_type not in accepted.content_types:
        checks.add(["contentType"], ProblemCode.UNSUPPORTED_FORMAT, f"The file must be {accepted.formats}.")
    if size_bytes < 1:
        checks.add(["sizeBytes"], ProblemCode.OUT_OF_RANGE, "The file must not be empty.")
    elif size_bytes > accepted.largest_bytes:
        megabytes = accepted.largest_bytes // limits.MEGABYTE
        checks.add(["sizeBytes"], ProblemCode.TOO_LARGE, f"The file may have at most {megabytes} MB.")
    checks.finish()
    return trimmed


async def _make_room(tx: Transaction, user_id: int) -> None:
    """For one more upload. One that was sent or forgotten, and never used, gives way once no file can arrive any more.

    Of uploads that are announced together each sees the others. Raises RateLimited when none can give way yet.
    """
    if await tx.scalar(queries.lock_user(user_id)) is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
    ((count, expires_at, now),) = await tx.all(queries.pending(user_id))
    if count < MOST_PENDING:
        return
    given_up = await tx.scalar(queries.give_up_oldest(user_id, ARRIVING_SECONDS))
    if given_up is None:
        seconds = (expires_at - now).total_seconds() + ARRIVING_SECONDS
        raise RateLimited(max(1, math.ceil(seconds)))
    await remove_later(tx, given_up)


async def _exactly(chunks: AsyncIterator[bytes], size: int) -> AsyncGenerator[bytes]:
    """The chunks, to be read no further than to the first byte too many."""
    count = 0
    async for chunk in chunks:
        count += len(chunk)
        if count > size:
            raise FileTooLong
        yield chunk
    if count < size:
        raise FileTooShort
