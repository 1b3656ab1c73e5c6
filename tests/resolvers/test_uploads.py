"""uploadCreate, and using what was uploaded: once, by its owner, in time."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.errors import NotFound
from services.limits import AVATAR_BYTES
from services.settings import Settings
from services.storage.sweep import ARRIVING_SECONDS
from services.uploads import MOST_PENDING, UploadPurpose, claim, disown
from tests.client import Client
from tests.resolvers.stored import user_id_of
from tests.server import Server, serving
from tests.servers.seaweedfs import S3Server
from tests.uploads import FILE, Created, ask, count_uploads, create, expire, key_of, keys_to_remove, sent

pytestmark = pytest.mark.asyncio
ADMIN_TOKEN = "an admin token that is only for tests"
AVATAR = UploadPurpose.AVATAR


async def test_an_upload_names_where_to_send_the_file(idle_server: Server) -> None:
    user = await idle_server.user()
    answer = (await ask(user)).data["uploadCreate"]
    assert answer["url"].startswith(f"{idle_server.url}/uploads/")
    assert answer["headers"] == [{"name": "Content-Type", "value": "image/png"}]
    left = datetime.fromisoformat(answer["upload"]["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


async def test_links_begin_with_the_public_address(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"public_url": "https://api.example"}), work=False) as server:
        created = await create(await server.user())
    assert created.url.startswith("https://api.example/uploads/")


@pytest.mark.parametrize(
    ("changed", "path", "code"),
    [
        ({"filename": ""}, ["filename"], "REQUIRED"),
        ({"filename": "   "}, ["filename"], "REQUIRED"),
        ({"filename": "x" * 256}, ["filename"], "TOO_LONG"),
        ({"filename": "a\0b"}, ["filename"], "INVALID_CHARACTER"),
        ({"filename": "a\nb"}, ["filename"], "INVALID_CHARACTER"),
        ({"filename": "a\x1bb"}, ["filename"], "INVALID_CHARACTER"),
        ({"filename": "a\x85b"}, ["filename"], "INVALID_CHARACTER"),
        ({"filename": "a\ud800b"}, ["filename"], "INVALID_CHARACTER"),
        ({"contentType": ""}, ["contentType"], "UNSUPPORTED_FORMAT"),
        ({"contentType": "image/svg+xml"}, ["contentType"], "UNSUPPORTED_FORMAT"),
        ({"contentType": "image/png; x=y"}, ["contentType"], "UNSUPPORTED_FORMAT"),
        ({"contentType": "image/png\r\nX: y"}, ["contentType"], "UNSUPPORTED_FORMAT"),
        ({"contentType": "text/html"}, ["contentType"], "UNSUPPORTED_FORMAT"),
        ({"sizeBytes": 0}, ["sizeBytes"], "OUT_OF_RANGE"),
        ({"sizeBytes": -1}, ["sizeBytes"], "OUT_OF_RANGE"),
        ({"sizeBytes": AVATAR_BYTES + 1}, ["sizeBytes"], "TOO_LARGE"),
        ({"sizeBytes": 2**31 - 1}, ["sizeBytes"], "TOO_LARGE"),
    ],
)
async def test_what_will_not_be_taken_is_said_at_once(
    idle_server: Server, changed: dict[str, object], path: list[str], code: str
) -> None:
    answer = (await ask(await idle_server.user(), **changed)).data["uploadCreate"]
    assert answer["__typename"] == "InvalidInput"
    assert [(one["path"], one["code"]) for one in answer["problems"]] == [(path, code)]
    assert await count_uploads(idle_server) == 0


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_is_wrong_is_a_sentence_for_people(idle_server: Server) -> None:
    user = await idle_server.user()
    told: list[str] = []
    for size in (0, AVATAR_BYTES + 1):
        answer = (await ask(user, contentType="text/html", sizeBytes=size)).data["uploadCreate"]
        told += [one["message"] for one in answer["problems"]]
    kind = "The file must be PNG, JPEG or WebP."
    assert told == [kind, "The file must not be empty.", kind, "The file may have at most 5 MB."]


@pytest.mark.parametrize("filename", ["../../etc/passwd", "C:\\me.png", "<script>.svg", "صورة.png", "x" * 255, "%00"])
async def test_a_name_decides_nothing(idle_server: Server, filename: str) -> None:
    user = await idle_server.user()
    created = await create(user, filename=filename)
    assert (await created.put()).status_code == 204
    row = await idle_server.services.uploads.waiting(await user_id_of(user), created.row_id, AVATAR)
    assert row.filename == filename
    assert row.storage_key.startswith("uploads/")
    assert filename not in row.storage_key


async def test_who_has_no_account_uploads_nothing(idle_server: Server) -> None:
    for client in (idle_server.nobody, idle_server.guest()):
        assert (await ask(client)).code == "UNAUTHENTICATED"
    assert await count_uploads(idle_server) == 0


async def test_operators_upload_too_and_theirs_are_nobody_elses(settings: Settings) -> None:
    changes = {"admin_token": SecretStr(ADMIN_TOKEN)}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        admin, user = replace(server.nobody, token=ADMIN_TOKEN), await server.user()
        created = await sent(admin)
        uploads = server.services.uploads
        assert (await uploads.waiting(None, created.row_id, AVATAR)).user_id is None
        with pytest.raises(NotFound):
            await uploads.waiting(await user_id_of(user), created.row_id, AVATAR)
        others = await sent(user)
        with pytest.raises(NotFound):
            await uploads.waiting(None, others.row_id, AVATAR)


async def test_at_most_ten_of_a_user_are_kept_at_once(idle_server: Server) -> None:
    user, other = await idle_server.user(), await idle_server.user()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(user)) for _ in range(MOST_PENDING + 5)]
    answers = [one.result() for one in asked]
    refused = [answer for answer in answers if "errors" in answer.body]
    assert len(refused) == 5
    assert {answer.code for answer in refused} == {"RATE_LIMITED"}
    open_seconds = 900
    assert all(
        open_seconds < answer.error["extensions"]["details"]["resetInSeconds"] <= open_seconds + ARRIVING_SECONDS
        for answer in refused
    )
    assert await count_uploads(idle_server) == MOST_PENDING
    await create(other)


async def test_room_is_made_by_using_an_upload(idle_server: Server) -> None:
    user = await idle_server.user()
    first, *_ = [await create(user) for _ in range(MOST_PENDING)]
    assert (await ask(user)).code == "RATE_LIMITED"
    async with idle_server.services.database.write() as tx:
        await claim(tx, await user_id_of(user), first.row_id, AVATAR)
    await create(user)
    assert (await ask(user)).code == "RATE_LIMITED"


async def test_the_oldest_that_expired_gives_way(idle_server: Server) -> None:
    """Sent or not, but not while its file may still be arriving."""
    user, other = await idle_server.user(), await idle_server.user()
    mine = [await sent(user) for _ in range(MOST_PENDING)]
    theirs = await sent(other)
    await expire(idle_server, theirs, 3 * ARRIVING_SECONDS)
    for number, upload in enumerate(mine):
        await expire(idle_server, upload, ARRIVING_SECONDS - 60 - number)
    refused = await ask(user)
    assert refused.code == "RATE_LIMITED"
    assert refused.error["extensions"]["details"]["resetInSeconds"] <= 60
    assert await keys_to_remove(idle_server) == []
    await expire(idle_server, mine[3], ARRIVING_SECONDS + 1)
    await expire(idle_server, mine[7], ARRIVING_SECONDS + 60)
    oldest = await key_of(idle_server, mine[7])
    await create(user)
    assert await keys_to_remove(idle_server) == [oldest]
    assert await count_uploads(idle_server) == MOST_PENDING + 1, "with the other user's"
    assert not await is_waiting(idle_server, await user_id_of(user), mine[7].row_id)
    assert await is_waiting(idle_server, await user_id_of(user), mine[3].row_id)


async def test_of_many_announced_at_once_as_many_as_can_give_way_are_new(idle_server: Server) -> None:
    user = await idle_server.user()
    for upload in [await create(user) for _ in range(MOST_PENDING)][:4]:
        await expire(idle_server, upload, ARRIVING_SECONDS + 1)
    answers = await asyncio.gather(*(ask(user) for _ in range(10)))
    refused = [answer.code for answer in answers if "errors" in answer.body]
    assert refused == ["RATE_LIMITED"] * 6
    assert await count_uploads(idle_server) == MOST_PENDING
    assert len(await keys_to_remove(idle_server)) == 4


async def is_waiting(server: Server, user_id: int | None, upload_id: int) -> bool:
    try:
        await server.services.uploads.waiting(user_id, upload_id, AVATAR)
    except NotFound:
        return False
    return True


async def test_an_upload_waits_from_when_its_file_has_arrived(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id, created = await user_id_of(user), await create(user)
    assert not await is_waiting(idle_server, user_id, created.row_id)
    assert (await created.put(FILE[:-1])).status_code == 400
    assert not await is_waiting(idle_server, user_id, created.row_id)
    assert (await created.put()).status_code == 204
    row = await idle_server.services.uploads.waiting(user_id, created.row_id, AVATAR)
    async with idle_server.services.storage.read(row.storage_key) as pieces:
        assert b"".join([piece async for piece in pieces]) == FILE


Spoil = Callable[[Server, Client, Created], Coroutine[None, None, tuple[int, int]]]


async def foreign(server: Server, user: Client, created: Created) -> tuple[int, int]:
    del user
    return await user_id_of(await server.user()), created.row_id


async def of_nobody(server: Server, user: Client, created: Created) -> tuple[int, int]:
    del server
    return await user_id_of(user), created.row_id + 1


async def expired(server: Server, user: Client, created: Created) -> tuple[int, int]:
    await expire(server, created, 24 * 3600 + 1)
    return await user_id_of(user), created.row_id


async def used(server: Server, user: Client, created: Created) -> tuple[int, int]:
    user_id = await user_id_of(user)
    async with server.services.database.write() as tx:
        await claim(tx, user_id, created.row_id, AVATAR)
    return user_id, created.row_id


async def disowned(server: Server, user: Client, created: Created) -> tuple[int, int]:
    user_id = await user_id_of(user)
    async with server.services.database.write() as tx:
        await disown(tx, user_id)
    return user_id, created.row_id


@pytest.mark.parametrize("spoil", [foreign, of_nobody, expired, used, disowned])
async def test_what_may_not_be_used_looks_like_nothing(idle_server: Server, spoil: Spoil) -> None:
    user = await idle_server.user()
    created = await sent(user)
    user_id, upload_id = await spoil(idle_server, user, created)
    assert not await is_waiting(idle_server, user_id, upload_id)
    if spoil is expired:
        return  # until the sweep has been there, whoever was in time to see it waiting may still claim it
    async with idle_server.services.database.write() as tx:
        with pytest.raises(NotFound):
            await claim(tx, user_id, upload_id, AVATAR)


async def test_a_file_that_came_in_time_can_be_used_a_day_later(idle_server: Server) -> None:
    user = await idle_server.user()
    created = await sent(user)
    await expire(idle_server, created, 23 * 3600)
    assert await is_waiting(idle_server, await user_id_of(user), created.row_id)


async def test_of_fifty_who_use_an_upload_one_has_it(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id, created = await user_id_of(user), await sent(user)

    async def wins() -> bool:
        try:
            async with idle_server.services.database.write() as tx:
                await claim(tx, user_id, created.row_id, AVATAR)
        except NotFound:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        claims = [group.create_task(wins()) for _ in range(50)]
    assert sorted(one.result() for one in claims) == [False] * 49 + [True]


async def test_a_claim_that_is_undone_leaves_the_upload(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id, created = await user_id_of(user), await sent(user)
    with suppress(ZeroDivisionError):
        async with idle_server.services.database.write() as tx:
            await claim(tx, user_id, created.row_id, AVATAR)
            raise ZeroDivisionError
    assert await is_waiting(idle_server, user_id, created.row_id)


async def test_uploads_of_a_user_who_leaves_name_nobody(idle_server: Server) -> None:
    user = await idle_server.user()
    created = [await sent(user), await create(user)]
    async with idle_server.services.database.write() as tx:
        await disown(tx, await user_id_of(user))
    assert len(await keys_to_remove(idle_server)) == len(created)
    assert (await created[1].put()).status_code == 409


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_with_s3_files_go_there(settings: Settings, s3_server: S3Server) -> None:
    changes = settings.model_validate(settings.model_dump() | dict(s3_server.settings))
    async with serving(changes, work=False) as server:
        user = await server.user()
        created = await create(user)
        assert created.url.startswith(s3_server.url)
        assert (await created.put(FILE + b"!")).status_code == 403
        assert not await is_waiting(server, await user_id_of(user), created.row_id)
        assert (await created.put()).status_code == 200
        assert await is_waiting(server, await user_id_of(user), created.row_id)
        capability = await server.nobody.execute("{ server { capabilities { storage } } }")
        assert capability.data["server"]["capabilities"]["storage"] == "s3"
