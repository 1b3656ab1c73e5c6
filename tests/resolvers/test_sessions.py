"""`sessionCreate` and `sessionRefresh`: what they give, and what they never tell."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import String, cast, select, update

from db import clock
from db.models.metadata import Base
from db.models.tables import AuditEvent, RefreshToken, User
from services.identity.keys import Keyring
from services.identity.tokens import AccessTokens
from services.settings import Settings
from tests.accounts import (
    SIGN_IN,
    VIEWER,
    member,
    problems,
    refresh,
    register,
    sign_in,
    sign_out,
    stored,
    succeeded,
    viewer,
)
from tests.client import Client, Json
from tests.conditions import until
from tests.forged_tokens import decode
from tests.server import PASSWORD, Server, serving
from tests.settings import SECRET_KEY

sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


def signed_in(server: Server, tokens: Json) -> Client:
    return Client(url=server.url, token=tokens["accessToken"])


async def reason(client: Client) -> str:
    """Why the client is not let in."""
    answer = await client.execute(VIEWER)
    assert answer.code == "UNAUTHENTICATED"
    found: str = answer.error["extensions"]["details"]["reason"]
    return found


async def grace_passes(server: Server) -> None:
    async with server.services.database.write() as tx:
        spent = update(RefreshToken).where(RefreshToken.used_at.is_not(None))
        await tx.execute(spent.values(used_at=clock.seconds_from_now(-11)))


async def reuses(server: Server) -> list[tuple[object, ...]]:
    """What the audit log tells of tokens that came again: whose, from where, and the details."""
    told = select(AuditEvent.user_id, AuditEvent.address, AuditEvent.details).order_by(AuditEvent.id)
    async with server.services.database.read() as reader:
        return [tuple(row) for row in await reader.all(told.where(AuditEvent.kind == "REFRESH_TOKEN_REUSED"))]


async def only_user(server: Server) -> int:
    async with server.services.database.read() as reader:
        found = await reader.scalar(select(User.id))
    assert found is not None
    return found


async def tokens_of(server: Server, email: str = "ada@example.com") -> Json:
    """Of a new account."""
    found: Json = succeeded(await register(server.nobody, email))["tokens"]
    return found


@pytest.mark.asyncio
async def test_signing_in_gives_the_user_and_tokens(idle_server: Server) -> None:
    made = succeeded(await register(idle_server.nobody))
    found = succeeded(await sign_in(idle_server.nobody, " ADA@Example.com "))
    assert found["user"] == made["user"]
    assert found["tokens"]["accessToken"] != made["tokens"]["accessToken"]
    for tokens in (made["tokens"], found["tokens"]):
        assert (await viewer(signed_in(idle_server, tokens)))["user"]["id"] == made["user"]["id"]
    assert await stored(idle_server) == {"users": 1, "sessions": 2, "refresh_tokens": 2}


@pytest.mark.asyncio
async def test_an_access_token_names_the_picture_of_its_user(idle_server: Server) -> None:
    picture = "https://lh3.googleusercontent.com/a/ada"
    first = await tokens_of(idle_server)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(User).values(picture_url=picture))
    second = succeeded(await refresh(idle_server.nobody, first["refreshToken"]))["tokens"]
    claims = [decode(tokens["accessToken"].split(".")[1]) for tokens in (first, second)]
    assert [one["profile_image_url"] for one in claims] == [None, picture]


@pytest.mark.asyncio
async def test_a_refusal_does_not_tell_who_has_an_account(idle_server: Server) -> None:
    nobody = idle_server.nobody
    await tokens_of(idle_server, "ada@example.com")
    await tokens_of(idle_server, "google@example.com")
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(User).where(User.email == "google@example.com").values(password_hash=None))
    before = await stored(idle_server)

    answers = [
        await sign_in(nobody, "ada@example.com", password="wrong horse"),
        await sign_in(nobody, "ada@example.com", password=PASSWORD.upper()),
        await sign_in(nobody, "nobody@example.com", password=PASSWORD),
        await sign_in(nobody, "no address", password=PASSWORD),
        await sign_in(nobody, "google@example.com", password=PASSWORD),
    ]
    refusal = {"__typename": "InvalidCredentials", "message": "Invalid email or password."}
    assert [answer.body for answer in answers] == [{"data": {"sessionCreate": refusal}}] * len(answers)
    assert await stored(idle_server) == before


@sqlite_alone
@pytest.mark.asyncio
async def test_an_input_that_cannot_be_right_is_refused_before_it_is_tried(idle_server: Server) -> None:
    nobody = idle_server.nobody
    assert problems(await sign_in(nobody, password="")) == [("password", "REQUIRED")]
    assert problems(await sign_in(nobody, " ", password="")) == [("email", "REQUIRED"), ("password", "REQUIRED")]
    assert problems(await sign_in(nobody, "a" * 255, password=" " * 1025)) == [
        ("email", "TOO_LONG"),
        ("password", "TOO_LONG"),
    ]
    for character in ("\x00", "\ud800"):
        answer = await sign_in(nobody, f"ada{character}@example.com", password=f"correct{character}horse")
        assert problems(answer) == [("email", "INVALID_CHARACTER"), ("password", "INVALID_CHARACTER")]
    for wrong in ({"email": "ada@example.com"}, {"email": "ada@example.com", "password": PASSWORD, "otp": "1"}):
        assert (await nobody.execute(SIGN_IN, input=wrong)).code == "BAD_USER_INPUT"


@pytest.mark.asyncio
async def test_a_renewed_session_goes_on(idle_server: Server) -> None:
    first = await tokens_of(idle_server)
    verifier = AccessTokens(Keyring(SECRET_KEY.encode()), timedelta(hours=1))
    chain = [first]
    for _ in range(3):
        renewed = succeeded(await refresh(idle_server.nobody, chain[-1]["refreshToken"]))
        assert renewed["user"]["email"] == "ada@example.com"
        chain.append(renewed["tokens"])

    assert len({tokens["refreshToken"] for tokens in chain}) == len({tokens["accessToken"] for tokens in chain}) == 4
    assert len({verifier.verify(tokens["accessToken"]).session_id for tokens in chain}) == 1
    # An access token is good until it expires or the session ends, renewed or not.
    assert (await viewer(signed_in(idle_server, first)))["kind"] == "USER"
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 4}


@pytest.mark.asyncio
async def test_a_spent_refresh_token_that_comes_again_at_once_ends_nothing(idle_server: Server) -> None:
    """Two tabs may have raced, or an answer was lost on its way."""
    nobody = idle_server.nobody
    first = await tokens_of(idle_server)
    second = succeeded(await refresh(nobody, first["refreshToken"]))["tokens"]
    before = await stored(idle_server)
    for _ in range(3):
        assert member(await refresh(nobody, first["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    assert await stored(idle_server) == before
    assert (await viewer(signed_in(idle_server, second)))["kind"] == "USER"
    succeeded(await refresh(nobody, second["refreshToken"]))
    assert await reuses(idle_server) == []


@pytest.mark.asyncio
async def test_a_spent_refresh_token_that_comes_later_ends_its_session_and_no_other(
    idle_server: Server, settings: Settings
) -> None:
    nobody = idle_server.nobody
    first = await tokens_of(idle_server)
    elsewhere = succeeded(await sign_in(nobody))["tokens"]
    second = succeeded(await refresh(nobody, first["refreshToken"]))["tokens"]
    before = await stored(idle_server)
    async with serving(settings, work=False) as another:
        ada = signed_in(another, second)
        assert (await viewer(ada))["kind"] == "USER"
        await grace_passes(idle_server)
        for _ in range(2):
            assert member(await refresh(nobody, first["refreshToken"]))["__typename"] == "InvalidRefreshToken"
        assert await stored(idle_server) == before
        # The caller was refused, and what is told of it stays all the same.
        user_id = await only_user(idle_server)
        assert await reuses(idle_server) == [(user_id, "127.0.0.1", {})]

        async def is_out() -> bool:
            return (await ada.execute(VIEWER)).body.get("errors") is not None

        await until(is_out)
        for server in (idle_server, another):
            for tokens in (first, second):
                assert await reason(signed_in(server, tokens)) == "REVOKED"
            assert (await viewer(signed_in(server, elsewhere)))["kind"] == "USER"
    assert member(await refresh(nobody, second["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    succeeded(await refresh(nobody, elsewhere["refreshToken"]))


@pytest.mark.asyncio
async def test_of_many_uses_at_once_one_is_good_and_the_session_stands(idle_server: Server, settings: Settings) -> None:
    tokens = await tokens_of(idle_server)
    async with serving(settings, work=False) as another:
        clients = [idle_server.nobody, another.nobody] * 25
        answers = await asyncio.gather(*(refresh(client, tokens["refreshToken"]) for client in clients))

        members = [member(answer) for answer in answers]
        assert Counter(one["__typename"] for one in members) == {"SessionRefreshSuccess": 1, "InvalidRefreshToken": 49}
        assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 2}
        (winner,) = (one["tokens"] for one in members if one["__typename"] == "SessionRefreshSuccess")
        for server in (idle_server, another):
            assert (await viewer(signed_in(server, winner)))["kind"] == "USER"
        newest = succeeded(await refresh(another.nobody, winner["refreshToken"]))["tokens"]

        await grace_passes(idle_server)
        clients = [idle_server.nobody, another.nobody] * 5
        answers = await asyncio.gather(*(refresh(client, tokens["refreshToken"]) for client in clients))
        assert {member(answer)["__typename"] for answer in answers} == {"InvalidRefreshToken"}
        assert len(await reuses(idle_server)) == 1
        async with serving(settings, work=False) as fresh:
            assert await reason(signed_in(fresh, newest)) == "REVOKED"
    assert member(await refresh(idle_server.nobody, newest["refreshToken"]))["__typename"] == "InvalidRefreshToken"


@sqlite_alone
@pytest.mark.asyncio
async def test_how_long_the_grace_is_can_be_set(settings: Settings) -> None:
    for seconds, kind in ((0, "REVOKED"), (3600, None)):
        async with serving(settings.model_copy(update={"refresh_grace_seconds": seconds}), work=False) as server:
            first = await tokens_of(server, f"{seconds}@example.com")
            second = succeeded(await refresh(server.nobody, first["refreshToken"]))["tokens"]
            if seconds:
                await grace_passes(server)
            assert member(await refresh(server.nobody, first["refreshToken"]))["__typename"] == "InvalidRefreshToken"
            answer = await signed_in(server, second).execute(VIEWER)
            assert kind is None or answer.error["extensions"]["details"]["reason"] == kind
            assert kind is not None or answer.data["viewer"]["kind"] == "USER"


@pytest.mark.asyncio
async def test_a_refresh_races_the_end_of_its_session(idle_server: Server, settings: Settings) -> None:
    """Whoever comes first, nothing is left that goes on."""
    async with serving(settings, work=False) as another:
        for number in range(10):
            tokens = await tokens_of(idle_server, f"{number}@example.com")
            answer, _ = await asyncio.gather(
                refresh(another.nobody, tokens["refreshToken"]), sign_out(signed_in(idle_server, tokens))
            )
            found = member(answer)
            last = found["tokens"] if found["__typename"] == "SessionRefreshSuccess" else tokens
            again = member(await refresh(another.nobody, last["refreshToken"]))
            assert again["__typename"] == "InvalidRefreshToken"
            assert await reason(signed_in(idle_server, last)) == "REVOKED"


@pytest.mark.asyncio
async def test_an_expired_refresh_token_is_worth_nothing_and_shows_no_theft(idle_server: Server) -> None:
    tokens = await tokens_of(idle_server)
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(RefreshToken).values(expires_at=clock.seconds_from_now(-1)))
    for _ in range(2):
        assert member(await refresh(idle_server.nobody, tokens["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    assert (await viewer(signed_in(idle_server, tokens)))["kind"] == "USER"
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 1}


@pytest.mark.asyncio
async def test_what_is_no_refresh_token_is_refused(idle_server: Server) -> None:
    tokens = await tokens_of(idle_server)
    real = tokens["refreshToken"]
    for sent in (
        "",
        " ",
        "x",
        "x" * 100_000,
        "\x00",
        "\ud800",
        "é",
        "' OR ''='",
        tokens["accessToken"],
        real[:-1],
        real + "A",
        real.swapcase(),
        f" {real}",
    ):
        refused = member(await refresh(idle_server.nobody, sent))
        assert refused["__typename"] == "InvalidRefreshToken", sent
    assert (await viewer(signed_in(idle_server, tokens)))["kind"] == "USER"
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 1}
    succeeded(await refresh(idle_server.nobody, real))


@pytest.mark.asyncio
async def test_a_bad_token_in_the_header_keeps_nobody_from_the_doors(idle_server: Server) -> None:
    expired = AccessTokens(Keyring(SECRET_KEY.encode()), timedelta(hours=-1))
    made = succeeded(await register(idle_server.nobody))
    async with idle_server.services.database.read() as reader:
        user_id = await reader.scalar(select(User.id))
    assert user_id is not None
    user = await idle_server.services.users.get(user_id)
    assert user is not None

    for token in (expired.issue(user, 1).text, "garbage"):
        client = Client(url=idle_server.url, token=token, guest="a guest")
        assert (await client.execute(VIEWER)).code == "UNAUTHENTICATED"
        assert (await client.execute("{ server { version } }")).data["server"]["version"]
        succeeded(await register(client, f"{len(token)}@example.com"))
        succeeded(await sign_in(client))
        made = succeeded(await refresh(client, made["tokens"]["refreshToken"]))


@pytest.mark.asyncio
async def test_the_database_holds_nothing_that_opens_a_door(idle_server: Server) -> None:
    secrets = [PASSWORD]
    for number in range(3):
        tokens = await tokens_of(idle_server, f"{number}@example.com")
        renewed = succeeded(await refresh(idle_server.nobody, tokens["refreshToken"]))["tokens"]
        secrets += [one[name] for one in (tokens, renewed) for name in ("accessToken", "refreshToken")]
    async with idle_server.services.database.read() as reader:
        rows = [
            str(row)
            for table in Base.metadata.sorted_tables
            for row in await reader.all(select(*(cast(column, String) for column in table.columns)))
        ]
    assert any("$argon2id$" in row for row in rows)
    assert [secret for secret in secrets if any(secret in row for row in rows)] == []
