"""An account that has the address already is linked with Google only for who proves that it is theirs."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, insert, select, update

from db.models.tables import ApiToken, ProviderKey, User
from services.settings import Settings
from tests.accounts import VIEWER, member, problems, refresh, register, sign_in, stored, succeeded, viewer
from tests.client import Client, Json
from tests.google_accounts import account, audited, dump, sign_in_with_google
from tests.server import PASSWORD, Server, serving
from tests.servers.google import CLIENT_ID, FakeGoogle
from tests.settings import settings_for

sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

SUBJECT = "112233445566778899000"
ASKS = "An account with this e-mail address exists already. Send its password, too, to link it with Google."


async def registered(server: Server, email: str, *, verified: bool) -> Json:
    """An account with a password, an API token and a key at a provider: what signing in gave."""
    made = succeeded(await register(server.nobody, email))
    user_id = (await account(server, email))["id"]
    async with server.services.database.write() as tx:
        await tx.execute(update(User).where(User.id == user_id).values(email_verified=verified))
        await tx.execute(insert(ApiToken).values(user_id=user_id, token_hash=f"hash of {email}"))
        key = {"provider": "gemini", "sealed": b"sealed", "sealed_by": "key"}
        await tx.execute(insert(ProviderKey).values(user_id=user_id, **key))
    return made


async def ways_in(server: Server) -> tuple[int | None, int | None]:
    """How many API tokens and provider keys there are."""
    async with server.services.database.read() as reader:
        tokens = await reader.scalar(select(func.count()).select_from(ApiToken))
        return tokens, await reader.scalar(select(func.count()).select_from(ProviderKey))


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("ada@example.com", {}),
        ("ada@example.com", {"email_verified": False, "hd": "example.com"}),
        ("ada@example.com", {"email_verified": "true", "hd": "example.com"}),
        ("ada@example.com", {"hd": ""}),
        ("ada@example.com", {"hd": True}),
        ("ada@gmail.com", {"email_verified": False}),
        ("ada@gmail.com.example.com", {}),
        ("ada@notgmail.com", {}),
        ("ada@mail.gmail.com", {}),
    ],
)
@pytest.mark.asyncio
async def test_nothing_is_linked_without_proof(
    google_server: Server, fake_google: FakeGoogle, email: str, told: Json
) -> None:
    nobody = google_server.nobody
    theirs = await registered(google_server, email, verified=False)
    before = await dump(google_server)
    credential = fake_google.credential(SUBJECT, email.upper(), **told)
    for _ in range(2):
        refused = member(await sign_in_with_google(nobody, credential))
        assert refused == {"__typename": "EmailTaken", "message": ASKS}
    assert problems(await sign_in_with_google(nobody, credential, "")) == [("password", "REQUIRED")]
    assert await dump(google_server) == before
    wrong = member(await sign_in_with_google(nobody, credential, "wrong horse"))
    assert wrong == {"__typename": "InvalidCredentials", "message": "Invalid email or password."}
    assert (await audited(google_server))[-1] == ("SIGN_IN_FAILED", {"method": "google"})
    assert await dump(google_server) | {"audit_events": before["audit_events"]} == before

    # The refusals have not spent the credential.
    linked = succeeded(await sign_in_with_google(nobody, credential, PASSWORD))
    assert linked["user"]["id"] == theirs["user"]["id"]
    assert linked["user"]["hasPassword"] is True


@pytest.mark.asyncio
async def test_the_password_proves_the_account_and_takes_nothing_from_it(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    nobody = google_server.nobody
    theirs = await registered(google_server, "ada@gmail.com", verified=False)
    credential = fake_google.credential(SUBJECT, "ada@gmail.com", name="Somebody Else")
    linked = succeeded(await sign_in_with_google(nobody, credential, PASSWORD))["user"]
    assert linked == theirs["user"] | {"emailVerified": True}
    assert await ways_in(google_server) == (1, 1)
    assert (await viewer(Client(url=google_server.url, token=theirs["tokens"]["accessToken"])))["kind"] == "USER"
    assert succeeded(await sign_in(nobody, "ada@gmail.com"))["user"] == linked
    assert (
        "GOOGLE_LINKED",
        {"proof": "password", "passwordRemoved": False, "identityReplaced": False},
    ) in await audited(google_server)

    # From now on Google is enough, and the password beside it is not looked at.
    for password in (None, "wrong horse"):
        again = fake_google.credential(SUBJECT, "ada@gmail.com")
        assert succeeded(await sign_in_with_google(nobody, again, password))["user"] == linked


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("ada@gmail.com", {}),
        ("ada@gmail.com", {"email_verified": None}),
        ("ada@googlemail.com", {}),
        ("ada@example.com", {"hd": "example.com"}),
    ],
)
@pytest.mark.asyncio
async def test_who_registered_the_address_of_another_is_put_out_when_its_owner_comes(
    google_server: Server, fake_google: FakeGoogle, email: str, told: Json
) -> None:
    nobody = google_server.nobody
    strangers = await registered(google_server, email, verified=False)
    stranger = Client(url=google_server.url, token=strangers["tokens"]["accessToken"])
    assert (await viewer(stranger))["kind"] == "USER"

    linked = succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, email.upper(), **told)))
    assert linked["user"] == strangers["user"] | {"emailVerified": True, "hasPassword": False}

    assert (await stranger.execute(VIEWER)).error["extensions"]["details"] == {"reason": "REVOKED"}
    renewed = await refresh(nobody, strangers["tokens"]["refreshToken"])
    assert member(renewed)["__typename"] == "InvalidRefreshToken"
    assert member(await sign_in(nobody, email))["__typename"] == "InvalidCredentials"
    assert await ways_in(google_server) == (0, 0)
    owner = Client(url=google_server.url, token=linked["tokens"]["accessToken"])
    assert (await viewer(owner))["user"]["email"] == email
    assert ("GOOGLE_LINKED", {"proof": "google", "passwordRemoved": True, "identityReplaced": False}) in await audited(
        google_server
    )


@pytest.mark.asyncio
async def test_who_has_proved_the_address_before_keeps_the_password(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    nobody = google_server.nobody
    theirs = await registered(google_server, "ada@gmail.com", verified=True)
    linked = succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@gmail.com")))["user"]
    assert linked == theirs["user"] | {"emailVerified": True}
    assert await ways_in(google_server) == (1, 1)
    assert (await viewer(Client(url=google_server.url, token=theirs["tokens"]["accessToken"])))["kind"] == "USER"
    assert succeeded(await sign_in(nobody, "ada@gmail.com"))["user"] == linked
    assert ("GOOGLE_LINKED", {"proof": "google", "passwordRemoved": False, "identityReplaced": False}) in await audited(
        google_server
    )


@pytest.mark.asyncio
async def test_others_are_left_alone(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    other = await registered(google_server, "eve@gmail.com", verified=False)
    await registered(google_server, "ada@gmail.com", verified=False)
    succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@gmail.com")))
    assert await ways_in(google_server) == (1, 1)
    assert (await viewer(Client(url=google_server.url, token=other["tokens"]["accessToken"])))["kind"] == "USER"
    assert succeeded(await sign_in(nobody, "eve@gmail.com"))["user"] == other["user"]


@pytest.mark.asyncio
async def test_of_two_identities_that_come_for_one_account_at_once_one_gets_it(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    await registered(google_server, "ada@gmail.com", verified=True)
    credentials = [fake_google.credential(f"{number % 2}", "ada@gmail.com") for number in range(8)]
    answers = await asyncio.gather(*(sign_in_with_google(google_server.nobody, one) for one in credentials))
    told = Counter(member(answer)["__typename"] for answer in answers)
    assert told == {"SessionCreateWithGoogleSuccess": 4, "EmailTaken": 4}
    assert (await stored(google_server))["users"] == 1
    assert [kind for kind, _ in await audited(google_server)].count("GOOGLE_LINKED") == 1


@pytest.mark.asyncio
async def test_one_identity_that_comes_for_two_accounts_at_once_gets_one(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    for email in ("ada@gmail.com", "lovelace@gmail.com"):
        await registered(google_server, email, verified=True)
    credentials = [
        fake_google.credential(SUBJECT, email) for email in ("ada@gmail.com", "lovelace@gmail.com") for _ in range(4)
    ]
    answers = await asyncio.gather(*(sign_in_with_google(google_server.nobody, one) for one in credentials))
    assert len({succeeded(answer)["user"]["id"] for answer in answers}) == 1
    assert [kind for kind, _ in await audited(google_server)].count("GOOGLE_LINKED") == 1


@sqlite_alone
@pytest.mark.asyncio
async def test_guesses_of_the_password_are_counted_for_the_account(settings: Settings, fake_google: FakeGoogle) -> None:
    """Together with those of `sessionCreate`."""
    ours = settings_for(
        settings.database_url,
        settings.data_dir,
        rate_limit_enabled=True,
        rate_limit_auth="1000/minute",
        google_client_id=CLIENT_ID,
        google_keys_url=fake_google.keys_url,
    )
    async with serving(ours, work=False) as server:
        succeeded(await register(server.nobody, "ada@example.com"))
        credential = fake_google.credential(SUBJECT, "ada@example.com")
        for _ in range(4):
            assert member(await sign_in(server.nobody, password="wrong horse"))["__typename"] == "InvalidCredentials"
        for _ in range(6):
            refused = member(await sign_in_with_google(server.nobody, credential, "wrong horse"))
            assert refused["__typename"] == "InvalidCredentials"
        assert (await sign_in_with_google(server.nobody, credential, PASSWORD)).code == "RATE_LIMITED"
        assert (await account(server, "ada@example.com"))["google_subject"] is None
        assert member(await sign_in_with_google(server.nobody, credential))["__typename"] == "EmailTaken"
