"""Whoever took the address of another with Google, which does not run the mailbox, is put out by its owner."""

import pytest
from sqlalchemy import delete, func, insert, select, update

from db.models.tables import ApiToken, ProviderKey, User
from db.queries import google as queries
from db.queries import mailed_tokens
from db.queries.google import AccountRow
from services.identity.devices import Device
from services.identity.google import GoogleCredentials
from services.identity.google_accounts import Overtaken
from services.identity.google_sign_in import GoogleSignIn, _newcomer
from services.identity.tokens import digest
from services.mail.messages import Purpose
from tests.accounts import VIEWER, member, refresh, register, sign_in, succeeded, viewer
from tests.client import Client, Json
from tests.google_accounts import account, audited, dump, sign_in_with_google
from tests.server import PASSWORD, Server
from tests.servers.google import FakeGoogle

pytestmark = pytest.mark.asyncio

RESET = """
mutation Reset($input: PasswordResetInput!) { passwordReset(input: $input) { ... on PasswordResetSuccess { email } } }
"""
VICTIM = "victim@corp.example.com"
STRANGER, OWNER = "666", "112233445566778899000"
NEW = "battery staple"
TOKEN = "a mailed token"
ASKS = "An account with this e-mail address exists already. Send its password, too, to link it with Google."
ANOTHERS = "An account with this e-mail address is linked to another Google account."
TOLD: list[Json] = [{}, {"email_verified": False}, {"email_verified": None}, {"email_verified": False, "hd": "corp"}]
tells = pytest.mark.parametrize("told", TOLD)


async def strangers_account(server: Server, fake_google: FakeGoogle, told: Json) -> Json:
    """With an API token and a key at a provider: what signing in gave."""
    made = succeeded(await sign_in_with_google(server.nobody, fake_google.credential(STRANGER, VICTIM, **told)))
    assert made["user"]["emailVerified"] is False
    await let_in(server)
    return made


async def let_in(server: Server) -> None:
    user_id = (await account(server, VICTIM))["id"]
    async with server.services.database.write() as tx:
        await tx.execute(insert(ApiToken).values(user_id=user_id, token_hash="a hash"))
        key = {"provider": "gemini", "sealed": b"sealed", "sealed_by": "key"}
        await tx.execute(insert(ProviderKey).values(user_id=user_id, **key))


async def ways_in(server: Server) -> int:
    """API tokens and provider keys."""
    async with server.services.database.read() as reader:
        counts = [await reader.scalar(select(func.count()).select_from(table)) for table in (ApiToken, ProviderKey)]
    return sum(count or 0 for count in counts)


async def reset(server: Server) -> None:
    """By who has the mailbox."""
    user_id = (await account(server, VICTIM))["id"]
    async with server.services.database.write() as tx:
        await tx.execute(mailed_tokens.add(digest(TOKEN), user_id, Purpose.PASSWORD_RESET, VICTIM, 60))
    answer = await server.nobody.execute(RESET, input={"token": TOKEN, "newPassword": NEW})
    assert member(answer) == {"email": VICTIM}


async def assert_put_out(server: Server, strangers: Json) -> None:
    stranger = Client(url=server.url, token=strangers["tokens"]["accessToken"])
    assert (await stranger.execute(VIEWER)).error["extensions"]["details"] == {"reason": "REVOKED"}
    renewed = await refresh(server.nobody, strangers["tokens"]["refreshToken"])
    assert member(renewed)["__typename"] == "InvalidRefreshToken"
    assert await ways_in(server) == 0


async def assert_refused(server: Server, credential: str, message: str) -> None:
    before = await dump(server)
    refused = member(await sign_in_with_google(server.nobody, credential))
    assert refused == {"__typename": "EmailTaken", "message": message}
    assert await dump(server) == before


@tells
async def test_by_a_reset(google_server: Server, fake_google: FakeGoogle, told: Json) -> None:
    strangers = await strangers_account(google_server, fake_google, told)
    await reset(google_server)
    await assert_put_out(google_server, strangers)
    kept = await account(google_server, VICTIM)
    assert (kept["google_subject"], kept["picture_url"], kept["email_verified"]) == (None, None, True)
    owner = succeeded(await sign_in(google_server.nobody, VICTIM, password=NEW))["user"]
    assert owner["emailVerified"] is True

    await assert_refused(google_server, fake_google.credential(STRANGER, VICTIM, **told), ASKS)
    # The owner's own identity is linked, and the password stays.
    theirs = fake_google.credential(OWNER, VICTIM, hd="corp.example.com")
    assert succeeded(await sign_in_with_google(google_server.nobody, theirs))["user"]["id"] == owner["id"]
    succeeded(await sign_in(google_server.nobody, VICTIM, password=NEW))
    await assert_refused(google_server, fake_google.credential(STRANGER, VICTIM, **told), ANOTHERS)


@tells
async def test_by_the_owner_with_google(google_server: Server, fake_google: FakeGoogle, told: Json) -> None:
    nobody = google_server.nobody
    strangers = await strangers_account(google_server, fake_google, told)
    theirs = fake_google.credential(OWNER, VICTIM, hd="corp.example.com", picture=None)
    # There is no password of the owner that could be asked for.
    owner = succeeded(await sign_in_with_google(nobody, theirs, "any password"))
    assert owner["user"] == strangers["user"] | {"emailVerified": True}
    await assert_put_out(google_server, strangers)
    kept = await account(google_server, VICTIM)
    assert (kept["google_subject"], kept["picture_url"]) == (OWNER, None)
    linked = {"proof": "google", "passwordRemoved": False, "identityReplaced": True}
    assert ("GOOGLE_LINKED", linked) in await audited(google_server)

    await assert_refused(google_server, fake_google.credential(STRANGER, VICTIM, **told), ANOTHERS)
    assert (await viewer(Client(url=nobody.url, token=owner["tokens"]["accessToken"])))["kind"] == "USER"


@tells
async def test_who_linked_an_address_by_a_password_has_not_proved_it(
    google_server: Server, fake_google: FakeGoogle, told: Json
) -> None:
    nobody = google_server.nobody
    succeeded(await register(nobody, VICTIM))
    credential = fake_google.credential(STRANGER, VICTIM, **told)
    strangers = succeeded(await sign_in_with_google(nobody, credential, PASSWORD))
    assert strangers["user"]["emailVerified"] is False
    await let_in(google_server)
    # Nor does the password hold up the owner, who comes with Google.
    theirs = fake_google.credential(OWNER, VICTIM, hd="corp.example.com")
    owner = succeeded(await sign_in_with_google(nobody, theirs, PASSWORD))["user"]
    assert (owner["emailVerified"], owner["hasPassword"]) == (True, False)
    await assert_put_out(google_server, strangers)
    assert member(await sign_in(nobody, VICTIM))["__typename"] == "InvalidCredentials"


@tells
async def test_another_stranger_does_not_take_it_over(
    google_server: Server, fake_google: FakeGoogle, told: Json
) -> None:
    first = await strangers_account(google_server, fake_google, {})
    await assert_refused(google_server, fake_google.credential("667", VICTIM, **told), ANOTHERS)
    assert await ways_in(google_server) == 2
    assert (await viewer(Client(url=google_server.url, token=first["tokens"]["accessToken"])))["kind"] == "USER"


async def test_a_proved_address_stays_linked_through_a_reset(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    owner = succeeded(await sign_in_with_google(nobody, fake_google.credential(OWNER, VICTIM, hd="corp.example.com")))
    await let_in(google_server)
    before = await account(google_server, VICTIM)
    await reset(google_server)
    # An intruder may have left ways in.
    await assert_put_out(google_server, owner)
    after = await account(google_server, VICTIM)
    assert after | {"password_hash": None} == before
    again = succeeded(await sign_in_with_google(nobody, fake_google.credential(OWNER, VICTIM)))
    assert again["user"]["id"] == owner["user"]["id"]


@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_sign_in_that_is_overtaken_does_not_enter(
    google_server: Server, fake_google: FakeGoogle, *, is_deleted: bool
) -> None:
    """The account was theirs when they came, and is not any more when they are to be let in."""
    await strangers_account(google_server, fake_google, {})
    door = google_server.services.google_sign_in
    assert isinstance(door, GoogleSignIn)
    assert isinstance(door._credentials, GoogleCredentials)
    newcomer = _newcomer(await door._credentials.verify(fake_google.credential(STRANGER, VICTIM)))
    database = google_server.services.database
    async with database.read() as reader:
        seen = await reader.row(AccountRow, queries.find(STRANGER, VICTIM))
    async with database.write() as tx:
        await tx.execute(delete(User) if is_deleted else update(User).values(google_subject=None))
    before = await dump(google_server)
    with pytest.raises(Overtaken):
        await door._enter(Device(address="127.0.0.1", user_agent=None), newcomer, seen, None)
    assert await dump(google_server) == before
