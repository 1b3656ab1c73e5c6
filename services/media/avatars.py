"""Users' pictures: uploaded, made anew from nothing but their pixels, and shown by links that tell nothing."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from db.queries import avatars as queries
from db.queries import users as user_queries
from db.queries.uploads import UploadRow
from db.queries.users import UserRow
from db.sessions import Sessions, Transaction
from services import limits
from services.errors import (
    InvalidInput,
    NotFound,
    Overloaded,
    Problem,
    ProblemCode,
    Unauthenticated,
    UnauthenticatedReason,
)
from services.media import pictures, placeholders
from services.media.avatar_links import FOLDER, AvatarLinks, version_of
from services.media.pictures import BadPicture, Fault, Pictures
from services.storage.removal import keep, remove_later, reserve
from services.storage.storage import BlobMissing, Storage, StorageUnavailable, new_key
from services.uploads import UploadPurpose, UploadService, claim

FAULTS: Mapping[Fault, tuple[ProblemCode, str]] = {
    Fault.UNSUPPORTED: (ProblemCode.UNSUPPORTED_FORMAT, "Unsupported format: the picture must be PNG, JPEG or WebP."),
    Fault.TOO_LARGE: (
        ProblemCode.TOO_LARGE,
        "File too large: at most 5 MB, and 25 megapixels (WebP 7, and JPEG 12 when it is progressive).",
    ),
    Fault.INVALID: (ProblemCode.INVALID_DATA, "Invalid image data."),
    Fault.TOO_SLOW: (ProblemCode.TOO_LARGE, "The picture takes too long to read. Send a smaller one."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    content: bytes
    content_type: str
    is_version: bool
    """Whether the link names this very picture, and will never show another."""

    @property
    def etag(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:32]


class AvatarService:
    def __init__(
        self, database: Sessions, storage: Storage, uploads: UploadService, pictures: Pictures, links: AvatarLinks
    ) -> None:
        self._database = database
        self._storage = storage
        self._uploads = uploads
        self._pictures = pictures
        self._links = links

    async def set(self, user_id: int, upload_id: int) -> UserRow:
        """Raises NotFound, InvalidInput for what is no picture (the upload is used up), or Overloaded."""
        upload = await self._uploads.waiting(user_id, upload_id, UploadPurpose.AVATAR)
        try:
            squares = await self._squares(upload)
        except BadPicture as error:
            async with self._database.write() as tx:
                await _use_up(tx, user_id, upload_id)
            code, message = FAULTS[error.fault]
            raise InvalidInput([Problem(path=("uploadId",), code=code, message=message)]) from None
        folder = new_key(FOLDER) + "/"
        async with self._database.write() as tx:
            await reserve(tx, folder)
        try:
            for side, content in squares.items():
                await self._storage.put(
                    f"{folder}{side}.webp", _whole(content), content_type=pictures.CONTENT_TYPE, limit=len(content)
                )
            async with self._database.write() as tx:
                replaced = await _lock(tx, user_id)
                await keep(tx, folder)
                await _use_up(tx, user_id, upload_id)
                return await _replace(tx, user_id, replaced, folder)
        except StorageUnavailable:
            # What was put, and is reserved, is removed in time.
            raise Overloaded from None
        except (NotFound, Unauthenticated):
            async with self._database.write() as tx:
                await remove_later(tx, folder)
            raise

    async def remove(self, user_id: int) -> UserRow:
        """Also when there is none."""
        async with self._database.write() as tx:
            return await _replace(tx, user_id, await _lock(tx, user_id), None)

    async def find(self, token: str, side: int) -> Avatar:
        """What a link shows now. Raises NotFound for any other, and StorageUnavailable."""
        user_id, version = self._links.read(token)
        if side not in pictures.SIDES:
            raise NotFound
        async with self._database.read() as reader:
            shown = await reader.first(queries.shown(user_id))
        if shown is None:
            raise NotFound
        folder, name = shown
        content = None if folder is None else await self._content(f"{folder}{side}.webp")
        if content is None:
            content = placeholders.placeholder(user_id, name, side)
            return Avatar(content=content, content_type=placeholders.CONTENT_TYPE, is_version=False)
        return Avatar(content=content, content_type=pictures.CONTENT_TYPE, is_version=version == version_of(folder))

    async def _squares(self, upload: UploadRow) -> Mapping[int, bytes]:
        if upload.size_bytes > limits.AVATAR_BYTES:
            raise BadPicture(Fault.TOO_LARGE)
        try:
            return await self._pictures.squares(self._storage.read(upload.storage_key))
        except BlobMissing:
            raise NotFound("Upload not found.") from None
        except StorageUnavailable:
            raise Overloaded from None

    async def _content(self, key: str) -> bytes | None:
        try:
            async with self._storage.read(key) as chunks:
                return b"".join([chunk async for chunk in chunks])
        except BlobMissing:
            return None


async def _use_up(tx: Transaction, user_id: int, upload_id: int) -> None:
    upload = await claim(tx, user_id, upload_id, UploadPurpose.AVATAR)
    await remove_later(tx, upload.storage_key)


async def _lock(tx: Transaction, user_id: int) -> str | None:
    """The user's folder. The user comes before all that is theirs, as when the account is deleted.

    Raises Unauthenticated.
    """
    found = await tx.first(queries.lock(user_id))
    if found is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
    (folder,) = found
    return folder


async def _replace(tx: Transaction, user_id: int, replaced: str | None, folder: str | None) -> UserRow:
    if replaced != folder:
        await tx.execute(queries.replace(user_id, folder))
    if replaced is not None:
        await remove_later(tx, replaced)
    user = await tx.row(UserRow, user_queries.by_id(user_id))
    if user is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
    return user


async def _whole(content: bytes) -> AsyncGenerator[bytes]:
    yield content
