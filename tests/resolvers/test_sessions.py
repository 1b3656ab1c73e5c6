"""`sessionCreate` and `sessionRefresh`: what they give, and what they never tell."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import String, cast, select, update

from db import clock
from db.models.metadata import Base
from db.models.tables import RefreshToken, User
from services.identity.keys import Keyring
from services.identity.tokens import AccessTokens
from services.settings import Settings
from tests.accounts import SIGN_IN, VIEWER, member, problems, refresh, register, sign_in, stored, succeeded, viewer
from tests.client import Client, Json
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
async def test_a_spent_refresh_token_ends_its_session_and_no_other(idle_server: Server, settings: Settings) -> None:
    nobody = idle_server.nobody
    first = await tokens_of(idle_server)
    elsewhere = succeeded(await sign_in(nobody))["tokens"]
    second = succeeded(await refresh(nobody, first["refreshToken"]))["tokens"]
    before = await stored(idle_server)

    replayed = member(await refresh(nobody, first["refreshToken"]))
    assert replayed["__typename"] == "InvalidRefreshToken"

    assert await stored(idle_server) == before
    assert member(await refresh(nobody, second["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    async with serving(settings, work=False) as another:
        for server in (idle_server, another):
            for tokens in (first, second):
                assert await reason(signed_in(server, tokens)) == "REVOKED"
            assert (await viewer(signed_in(server, elsewhere)))["kind"] == "USER"
    succeeded(await refresh(nobody, elsewhere["refreshToken"]))


@pytest.mark.asyncio
async def test_of_many_uses_at_once_one_is_good_and_the_session_ends(idle_server: Server, settings: Settings) -> None:
    tokens = await tokens_of(idle_server)
    async with serving(settings, work=False) as another:
        clients = [idle_server.nobody, another.nobody] * 10
        answers = await asyncio.gather(*(refresh(client, tokens["refreshToken"]) for client in clients))

    members = [member(answer) for answer in answers]
    assert Counter(one["__typename"] for one in members) == {"SessionRefreshSuccess": 1, "InvalidRefreshToken": 19}
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 2}
    # Who of the twenty is the owner cannot be known, so that nobody stays signed in.
    (winner,) = (one["tokens"] for one in members if one["__typename"] == "SessionRefreshSuccess")
    async with serving(settings, work=False) as fresh:
        assert await reason(signed_in(fresh, winner)) == "REVOKED"
    assert member(await refresh(idle_server.nobody, winner["refreshToken"]))["__typename"] == "InvalidRefreshToken"


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
