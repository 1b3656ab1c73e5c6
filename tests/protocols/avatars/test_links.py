"""/avatars/{token}: what a browser gets, and that only links of ours get anything."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, update

from db.models.tables import User
from schema.types.nodes import parse_global_id
from services.media.placeholders import placeholder
from services.settings import Settings
from tests.accounts import viewer
from tests.avatars import OTHER, REMOVE, avatar, look, url_of
from tests.server import Server, serving
from tests.settings import settings_for

POLICY = {
    "content-disposition": "inline",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


def token_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/avatars/")


@pytest.mark.asyncio
async def test_a_picture_may_be_kept_for_a_year(server: Server) -> None:
    url = await avatar(await server.user())
    shown = await look(url)
    assert shown.status_code == 200
    assert POLICY.items() <= dict(shown.headers).items()
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert int(shown.headers["content-length"]) == len(shown.content) > 0
    assert "content-encoding" not in shown.headers


@pytest.mark.asyncio
@ONE_ENGINE
async def test_who_has_it_is_not_sent_it_again(server: Server) -> None:
    url = await avatar(await server.user())
    etag = (await look(url)).headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = await look(url, if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert (await look(url, if_none_match='"other"')).status_code == 200


@pytest.mark.asyncio
@ONE_ENGINE
async def test_head_tells_as_much_as_get(server: Server) -> None:
    url = await avatar(await server.user())
    shown, head = await look(url), await look(url, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    told = ("etag", "content-type", "content-length", "cache-control", *POLICY)
    assert [head.headers[name] for name in told] == [shown.headers[name] for name in told]
    assert (await look(url, "POST")).status_code == 405


@pytest.mark.asyncio
@ONE_ENGINE
@pytest.mark.parametrize(("asked", "given"), [(64, 64), (65, 128), (200, 256), (256, 256), (300, 512), (512, 512)])
async def test_the_nearest_larger_size_is_given(server: Server, asked: int, given: int) -> None:
    user = await server.user()
    await avatar(user)
    assert (await url_of(user, asked)).endswith(f"?size={given}")


@pytest.mark.asyncio
@ONE_ENGINE
@pytest.mark.parametrize("size", ["", "65", "-64", "٦٤", "1e2", "99999999999", "../64"])
async def test_other_sizes_are_not_there(server: Server, size: str) -> None:
    url = await avatar(await server.user())
    refused = await look(f"{url.partition('?')[0]}?size={size}")
    assert refused.status_code == 404
    assert refused.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.asyncio
@ONE_ENGINE
async def test_links_of_nobody_else_are_answered(server: Server, settings: Settings) -> None:
    """Every letter altered, cut and longer ones, the plain text of one, and those of another server."""
    url = await avatar(await server.user())
    token = token_of(url)
    altered = [
        token[:place] + LETTERS[(LETTERS.index(letter) + 1) % 64] + token[place + 1 :]
        for place, letter in enumerate(token)
    ]
    others = [
        token[:-1],
        token[1:],
        f"{token}A",
        f"{token}=",
        token * 9,
        "1:",
        "MTo",
        "%00",
        "%2e%2e",
        "..%2fhealth",
        "a" * 5000,
    ]
    for forged in (*altered, *others):
        refused = await look(url.replace(token, forged))
        assert refused.status_code == 404, forged
        assert refused.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert settings.db_url is not None
    foreign = settings_for(settings.db_url, settings.data_dir, secret_key="another secret key that is only for tests")
    async with serving(foreign, work=False) as stranger:
        assert (await look(url.replace(server.url, stranger.url))).status_code == 404
    assert (await look(url)).status_code == 200


@pytest.mark.asyncio
@ONE_ENGINE
async def test_links_outlive_a_change_of_the_secret_key(server: Server, settings: Settings) -> None:
    url = await avatar(await server.user())
    assert settings.db_url is not None
    keys = {"secret_key": "another secret key that is only for tests", "secret_key_previous": settings.secret_key}
    async with serving(settings_for(settings.db_url, settings.data_dir, **keys), work=False) as changed:
        assert (await look(url.replace(server.url, changed.url))).status_code == 200


@pytest.mark.asyncio
@ONE_ENGINE
async def test_a_link_tells_nothing_of_its_user(server: Server) -> None:
    users = [await server.user() for _ in range(3)]
    tokens = [token_of(await url_of(user)) for user in users]
    assert len({token[:8] for token in tokens}) == 3
    assert token_of(await url_of(users[0])) == tokens[0]


@pytest.mark.asyncio
async def test_without_a_picture_there_is_a_letter(server: Server) -> None:
    user = await server.user()
    url = await url_of(user, 64)
    shown = await look(url)
    key = parse_global_id((await viewer(user))["user"]["id"])
    assert key is not None
    assert shown.content == placeholder(key.id, "Ada", 64)
    assert POLICY.items() <= dict(shown.headers).items()
    assert shown.headers["content-type"].startswith("image/svg+xml")
    assert shown.headers["cache-control"] == "private, no-cache"
    assert (await look(url, if_none_match=shown.headers["etag"])).status_code == 304


@pytest.mark.asyncio
async def test_a_link_to_what_was_replaced_shows_what_is_there_now(server: Server) -> None:
    user = await server.user()
    old = await avatar(user)
    new = await avatar(user, OTHER)
    shown = await look(old)
    assert shown.content == (await look(new)).content
    assert shown.headers["cache-control"] == "private, no-cache"
    await user.execute(REMOVE)
    assert (await look(new)).headers["content-type"].startswith("image/svg+xml")


@pytest.mark.asyncio
async def test_a_picture_that_is_lost_is_a_letter_and_one_of_nobody_is_not_there(server: Server) -> None:
    user = await server.user()
    url = await avatar(user)
    async with server.services.database.write() as tx:
        await tx.execute(update(User).values(avatar_key=f"avatars/{'0' * 32}/"))
    assert (await look(url)).headers["content-type"].startswith("image/svg+xml")
    async with server.services.database.write() as tx:
        await tx.execute(delete(User))
    assert (await look(url)).status_code == 404


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("ada", "A"), (" ß", "ß"), ("élan", "É"), ("😀 Bo", "B"), ("\x01\x07x", "X"), ("<&>", "?"), ("", "?"), (None, "?"), ("李", "李"),
    ],
)  # fmt: skip
def test_the_letter_is_the_first_of_the_name(name: str | None, letter: str) -> None:
    assert f">\n{letter}</text>" in (svg := placeholder(7, name, 64).decode()) or f">{letter}</text>" in svg
    assert "script" not in svg
