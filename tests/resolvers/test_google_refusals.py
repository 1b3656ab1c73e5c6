"""`sessionCreateWithGoogle` believes nothing but what Google has signed for us, and says when it cannot be asked."""

import time

import pytest

from services.settings import Settings
from tests.accounts import member, problems, succeeded
from tests.forged_tokens import decode, token
from tests.google_accounts import SIGN_IN_WITH_GOOGLE, dump, sign_in_with_google
from tests.resolvers.google_forgeries import forgeries, rs256
from tests.server import Server, serving
from tests.servers.google import CLIENT_ID, FakeGoogle, Fault, claims_of, published
from tests.settings import settings_for

sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

SUBJECT = "112233445566778899000"
REFUSED = {"__typename": "InvalidCredentials", "message": "Invalid Google credential."}


@pytest.mark.asyncio
async def test_no_forged_credential_is_believed(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    fake_google.keys = [published("newer"), published("short", 1024)]
    # Of one who has an account, so that being believed would show.
    succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@gmail.com")))
    forged = forgeries(fake_google.credential(SUBJECT, "ada@gmail.com"), "newer")
    before = await dump(google_server)

    told = {flaw: (await sign_in_with_google(nobody, one)).body for flaw, one in forged.items()}
    refusal = {"data": {"sessionCreateWithGoogle": REFUSED}}
    assert {flaw: body for flaw, body in told.items() if body != refusal} == {}
    assert len(told) >= 100
    assert await dump(google_server) == before


@sqlite_alone
@pytest.mark.asyncio
async def test_what_google_may_well_write_is_accepted(google_server: Server) -> None:
    now = int(time.time())
    header = {"alg": "RS256", "kid": "newer", "typ": "JWT"}
    variants: list[tuple[dict[str, object], dict[str, object]]] = [
        ({}, {"iss": "accounts.google.com"}),
        ({}, {"azp": None}),
        ({}, {"nbf": None, "jti": None, "given_name": None}),
        ({}, {"iat": now + 30, "nbf": now + 30}),
        ({}, {"exp": now + 3600.5, "iat": now - 0.5}),
        ({"typ": None}, {}),
        # What it names is not looked at.
        ({"jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/certificate"}, {}),
        ({"kid": "older"}, {}),
    ]
    for number, (head, changes) in enumerate(variants):
        written = {name: value for name, value in (header | head).items() if value is not None}
        claims = claims_of(str(number), f"{number}@example.com", **changes)
        credential = token(written, claims, rs256(str(written["kid"])))
        succeeded(await sign_in_with_google(google_server.nobody, credential))


@sqlite_alone
@pytest.mark.asyncio
async def test_an_input_that_cannot_be_right_is_refused(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    before = await dump(google_server)
    for blank in ("", " \n"):
        assert problems(await sign_in_with_google(nobody, blank)) == [("credential", "REQUIRED")]
    answer = await sign_in_with_google(nobody, "", "x" * 1025)
    assert problems(answer) == [("credential", "REQUIRED"), ("password", "TOO_LONG")]
    assert problems(await sign_in_with_google(nobody, "x", "\x00")) == [("password", "INVALID_CHARACTER")]
    for wrong in ({}, {"credential": None}, {"credential": "x", "token": "x"}):
        assert (await nobody.execute(SIGN_IN_WITH_GOOGLE, input=wrong)).code == "BAD_USER_INPUT"
    credential = fake_google.credential(SUBJECT, "ada@example.com")
    assert await dump(google_server) == before
    null = await nobody.execute(SIGN_IN_WITH_GOOGLE, input={"credential": credential, "password": None})
    assert succeeded(null)["user"]["hasPassword"] is False


@sqlite_alone
@pytest.mark.asyncio
async def test_without_a_client_id_nobody_signs_in_with_google(idle_server: Server, fake_google: FakeGoogle) -> None:
    before = await dump(idle_server)
    for credential in (fake_google.credential(SUBJECT, "ada@example.com"), "garbage", ""):
        told = member(await sign_in_with_google(idle_server.nobody, credential))
        assert told == {"__typename": "GoogleSignInUnavailable", "message": "Google sign-in is not configured."}
    assert fake_google.requests == 0
    assert await dump(idle_server) == before
    asked = await idle_server.nobody.execute("{ server { capabilities { googleClientId } } }")
    assert asked.data["server"]["capabilities"] == {"googleClientId": None}


@sqlite_alone
@pytest.mark.asyncio
async def test_a_page_can_ask_for_the_client_id(google_server: Server) -> None:
    asked = await google_server.nobody.execute("{ server { capabilities { googleClientId } } }")
    assert asked.data["server"]["capabilities"] == {"googleClientId": CLIENT_ID}


@sqlite_alone
@pytest.mark.asyncio
async def test_while_google_is_away_it_says_so(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    before = await dump(google_server)
    fake_google.fault = Fault.SERVER_ERROR
    credential = fake_google.credential(SUBJECT, "ada@example.com")
    for _ in range(3):
        told = member(await sign_in_with_google(nobody, credential))
        message = "Google cannot be reached. Try again in a moment."
        assert told == {"__typename": "GoogleSignInUnavailable", "message": message}
    assert fake_google.requests == 1
    # What needs no key to be seen through is refused all the same.
    assert member(await sign_in_with_google(nobody, "garbage")) == REFUSED
    assert await dump(google_server) == before


@sqlite_alone
@pytest.mark.asyncio
async def test_keys_are_fetched_once(google_server: Server, fake_google: FakeGoogle) -> None:
    for number in range(5):
        credential = fake_google.credential(str(number), f"{number}@example.com")
        succeeded(await sign_in_with_google(google_server.nobody, credential))
    head, body, signature = fake_google.credential(SUBJECT, "ada@example.com").split(".")
    for number in range(5):
        unknown = token(decode(head) | {"kid": f"unknown {number}"}, decode(body), lambda _message: signature.encode())
        assert member(await sign_in_with_google(google_server.nobody, unknown)) == REFUSED
    assert fake_google.requests == 1


@sqlite_alone
@pytest.mark.asyncio
async def test_attempts_are_counted_by_address(settings: Settings, fake_google: FakeGoogle) -> None:
    ours = settings_for(
        settings.database_url,
        settings.data_dir,
        rate_limit_enabled=True,
        google_client_id=CLIENT_ID,
        google_keys_url=fake_google.keys_url,
    )
    async with serving(ours, work=False) as server:
        for _ in range(10):
            assert member(await sign_in_with_google(server.nobody, "garbage")) == REFUSED
        credential = fake_google.credential(SUBJECT, "ada@example.com")
        answer = await sign_in_with_google(server.nobody, credential)
        assert answer.code == "RATE_LIMITED"
        assert answer.error["extensions"]["details"]["resetInSeconds"] >= 1
