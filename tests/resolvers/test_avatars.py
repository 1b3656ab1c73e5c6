"""Avatars: set from an upload, once; removed; and nothing left of what failed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from db import clock
from db.models.tables import BlobRemoval, User
from services.media import pictures
from services.settings import Settings
from services.storage.local import LocalStorage
from services.storage.storage import Blob, StorageUnavailable
from services.storage.sweep import BlobSweep
from tests.accounts import member, problems, refresh, register, succeeded
from tests.avatars import OTHER, PICTURE, REMOVE, SET, avatar, blobs, look, set_avatar, stored_keys, uploaded, url_of
from tests.client import Client, Json
from tests.forged_tokens import decode
from tests.server import Server, serving
from tests.uploads import create

SIZES = {f"{side}.webp" for side in pictures.SIDES}


async def sweep(server: Server, *, later: bool = False) -> None:
    """As it comes by now and then; or as it will an hour from now."""
    if later:
        async with server.services.database.write() as tx:
            await tx.execute(update(BlobRemoval).values(remove_at=clock.now()))
    await BlobSweep(server.services.database, server.services.storage, kept_seconds=86_400).sweep()


def only_folder(settings: Settings) -> str:
    """Of the one avatar that is in the blob store, with nothing else there."""
    kept = blobs(settings)
    assert {key.rpartition("/")[2] for key in kept} == SIZES
    (folder,) = {key.rpartition("/")[0] for key in kept}
    return folder + "/"


def result_of(answers: list[Json], type_name: str) -> list[Json]:
    return [answer for answer in answers if answer["__typename"] == type_name]


@pytest.mark.asyncio
async def test_an_uploaded_picture_is_shown(server: Server, settings: Settings) -> None:
    user = await server.user()
    before = await url_of(user)
    url = await avatar(user)
    assert url != before
    assert url == await url_of(user)
    assert (await look(url)).headers["content-type"] == "image/webp"
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]


@pytest.mark.asyncio
async def test_another_picture_takes_its_place(server: Server, settings: Settings) -> None:
    user = await server.user()
    first = await avatar(user)
    second = await avatar(user, OTHER)
    assert first != second
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]
    assert (await look(first)).content == (await look(second)).content


@pytest.mark.asyncio
async def test_removing_it_can_be_said_twice(server: Server, settings: Settings) -> None:
    user = await server.user()
    placeholder = await url_of(user)
    url = await avatar(user)
    for _ in range(2):
        assert member(await user.execute(REMOVE)) == {
            "__typename": "AvatarRemoveSuccess",
            "user": {"avatarUrl": placeholder},
        }
    assert (await look(url)).headers["content-type"] == "image/svg+xml"
    await sweep(server)
    assert blobs(settings) == set()
    assert await stored_keys(server) == [None]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"GIF89a" + bytes(60), "UNSUPPORTED_FORMAT", "Unsupported format"),
        (PICTURE[:200], "INVALID_DATA", "Invalid image data"),
    ],
)
async def test_what_is_no_picture_is_used_up_and_changes_nothing(
    server: Server, settings: Settings, data: bytes, code: str, message: str
) -> None:
    user = await server.user()
    url = await avatar(user)
    upload = await uploaded(user, data)
    refused = await set_avatar(user, upload)
    assert problems(refused) == [("uploadId", code)]
    assert member(refused)["message"].startswith(message)
    assert await url_of(user) == url
    assert member(await set_avatar(user, upload))["__typename"] == "NotFound"
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]


@pytest.mark.asyncio
async def test_uploads_that_cannot_be_used_look_as_if_they_were_not_there(server: Server, settings: Settings) -> None:
    user, other = await server.user(), await server.user()
    theirs = await uploaded(other)
    empty = (await create(user)).id
    spent = await uploaded(user)
    assert member(await set_avatar(user, spent))["__typename"] == "AvatarSetSuccess"
    before = blobs(settings), await stored_keys(server)
    for upload in (theirs, empty, spent, "Tm90ZTox", "", "\ud800"):
        assert member(await set_avatar(user, upload))["__typename"] == "NotFound"
    assert (blobs(settings), await stored_keys(server)) == before
    assert member(await set_avatar(other, theirs))["__typename"] == "AvatarSetSuccess"


@pytest.mark.asyncio
async def test_strangers_are_refused(server: Server) -> None:
    for client in (server.nobody, server.guest()):
        for document in (SET, REMOVE):
            assert (await client.execute(document, id="x")).code == "UNAUTHENTICATED"


@pytest.mark.asyncio
async def test_an_operation_sets_one_avatar(server: Server) -> None:
    user = await server.user()
    one = 'avatarSet(input: {uploadId: "x"}) { __typename }'
    twice = f"mutation {{ a: {one} b: {one} }}"
    assert (await user.execute(twice)).code == "QUERY_TOO_COMPLEX"


@pytest.mark.asyncio
async def test_of_uses_at_once_one_succeeds_and_nothing_is_left_of_the_others(
    server: Server, settings: Settings
) -> None:
    user = await server.user()
    upload = await uploaded(user)
    answers = [member(answer) for answer in await asyncio.gather(*(set_avatar(user, upload) for _ in range(8)))]
    assert len(result_of(answers, "AvatarSetSuccess")) == 1
    assert len(result_of(answers, "NotFound")) == 7
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]


@pytest.mark.asyncio
async def test_of_pictures_at_once_the_last_is_kept_alone(server: Server, settings: Settings) -> None:
    user = await server.user()
    uploads = [await uploaded(user) for _ in range(4)]
    answers = [member(answer) for answer in await asyncio.gather(*(set_avatar(user, one) for one in uploads))]
    assert len(result_of(answers, "AvatarSetSuccess")) == 4
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]


@pytest.mark.asyncio
@pytest.mark.parametrize("failing", range(1, 5))
async def test_a_store_that_fails_half_way_leaves_nothing(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    user = await server.user()
    upload = await uploaded(user)
    put, calls = LocalStorage.put, 0

    async def put_or_fail(
        self: LocalStorage, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int
    ) -> Blob:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise StorageUnavailable
        return await put(self, key, chunks, content_type=content_type, limit=limit)

    monkeypatch.setattr(LocalStorage, "put", put_or_fail)
    assert (await set_avatar(user, upload)).code == "TIMEOUT"
    assert await stored_keys(server) == [None]
    await sweep(server, later=True)
    assert len(blobs(settings)) == 1, "the upload"
    monkeypatch.undo()
    assert member(await set_avatar(user, upload))["__typename"] == "AvatarSetSuccess"
    await sweep(server)
    assert await stored_keys(server) == [only_folder(settings)]


@pytest.mark.asyncio
async def test_a_store_that_is_away_leaves_the_upload(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await server.user()
    upload = await uploaded(user)
    before = blobs(settings)

    def away(*_arguments: object, **_named: object) -> object:
        raise StorageUnavailable

    monkeypatch.setattr(LocalStorage, "read", away)
    assert (await set_avatar(user, upload)).code == "TIMEOUT"
    monkeypatch.undo()
    assert (blobs(settings), await stored_keys(server)) == (before, [None])
    assert member(await set_avatar(user, upload))["__typename"] == "AvatarSetSuccess"


@pytest.mark.asyncio
async def test_who_took_too_long_to_store_it_is_refused(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep came by, as it does an hour later, when all was stored and nothing referred to it yet."""
    user = await server.user()
    upload = await uploaded(user)
    put = LocalStorage.put

    async def put_slowly(
        self: LocalStorage, key: str, chunks: AsyncIterator[bytes], *, content_type: str, limit: int
    ) -> Blob:
        blob = await put(self, key, chunks, content_type=content_type, limit=limit)
        if key.endswith("/64.webp"):
            await sweep(server, later=True)
        return blob

    monkeypatch.setattr(LocalStorage, "put", put_slowly)
    assert (await set_avatar(user, upload)).code == "TIMEOUT"
    assert await stored_keys(server) == [None]
    assert len(blobs(settings)) == 1, "the upload"


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [63, 513, 0, -1, 2**31 - 1])
async def test_a_size_beyond_the_bounds_is_refused(server: Server, size: int) -> None:
    user = await server.user()
    refused = await user.execute("query Url($size: Int!) { viewer { user { avatarUrl(size: $size) } } }", size=size)
    assert refused.code == "BAD_USER_INPUT"


@pytest.mark.asyncio
async def test_the_picture_of_google_is_shown_until_there_is_one_of_ours(server: Server) -> None:
    user = await server.user()
    async with server.services.database.write() as tx:
        await tx.execute(update(User).values(picture_url="https://pictures.example.com/ada"))
    assert await url_of(user) == "https://pictures.example.com/ada"
    assert (await avatar(user)).startswith(server.url)


@pytest.mark.asyncio
async def test_new_access_tokens_name_it_where_everybody_reaches_us(server: Server, settings: Settings) -> None:
    public = "https://vidwiz.example.com"
    made = succeeded(await register(server.nobody))["tokens"]
    url = await avatar(Client(url=server.url, token=made["accessToken"]))
    async with serving(settings.model_copy(update={"public_url": public}), work=False) as reached:
        renewed = succeeded(await refresh(reached.nobody, made["refreshToken"]))["tokens"]
    first, second = (decode(tokens["accessToken"].split(".")[1])["profile_image_url"] for tokens in (made, renewed))
    assert (first, second) == (None, url.replace(server.url, public))
