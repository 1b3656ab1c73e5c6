"""`sessionCreateWithGoogle`: whom it lets in, with which account."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select, update

from db import clock
from db.models.tables import SpentCredential, Task, User
from db.queries import spent_credentials
from tests.accounts import member, problems, sign_in, stored, succeeded, viewer
from tests.client import Client
from tests.google_accounts import account, audited, dump, sign_in_with_google
from tests.server import PASSWORD, Server
from tests.servers.google import FakeGoogle

sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

SUBJECT = "112233445566778899000"
PICTURE = "https://lh3.googleusercontent.com/a/ada=s96-c"


@pytest.mark.asyncio
async def test_the_first_time_makes_an_account(google_server: Server, fake_google: FakeGoogle) -> None:
    made = succeeded(
        await sign_in_with_google(google_server.nobody, fake_google.credential(SUBJECT, " Ada@Example.COM "))
    )
    user = made["user"]
    assert (user["email"], user["emailVerified"], user["name"]) == ("ada@example.com", False, "Ada Lovelace")
    assert (user["hasPassword"], user["aiNotesEnabled"]) == (False, True)
    ada = Client(url=google_server.url, token=made["tokens"]["accessToken"])
    assert (await viewer(ada))["user"] == {"id": user["id"], "email": "ada@example.com"}
    kept = await account(google_server, "ada@example.com")
    assert (kept["google_subject"], kept["picture_url"], kept["password_hash"]) == (SUBJECT, PICTURE, None)
    assert await audited(google_server) == [
        ("USER_REGISTERED", {"method": "google"}),
        ("SIGNED_IN", {"method": "google"}),
    ]
    # There is no password to be guessed.
    assert member(await sign_in(google_server.nobody, password=PASSWORD))["__typename"] == "InvalidCredentials"


@pytest.mark.asyncio
async def test_google_s_name_for_somebody_decides_and_not_the_address(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    nobody = google_server.nobody
    ada = succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@gmail.com")))["user"]
    # Her address has changed, even to one that somebody else has here.
    eve = succeeded(await sign_in_with_google(nobody, fake_google.credential("2", "eve@gmail.com")))["user"]
    for email in ("lovelace@gmail.com", "eve@gmail.com", "no address"):
        again = succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, email)))["user"]
        assert again == ada
    # A capital letter makes another subject.
    assert (await stored(google_server))["users"] == 2
    other = succeeded(await sign_in_with_google(nobody, fake_google.credential("a", "a@gmail.com")))["user"]
    another = succeeded(await sign_in_with_google(nobody, fake_google.credential("A", "b@gmail.com")))["user"]
    assert len({one["id"] for one in (ada, eve, other, another)}) == 4


@pytest.mark.asyncio
async def test_an_address_that_went_to_somebody_else_does_not_open_the_account(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    nobody = google_server.nobody
    succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@gmail.com")))
    before = await dump(google_server)
    credential = fake_google.credential("2", "ada@gmail.com")
    for password in (None, PASSWORD):
        refused = member(await sign_in_with_google(nobody, credential, password))
        message = "An account with this e-mail address is linked to another Google account."
        assert refused == {"__typename": "EmailTaken", "message": message}
    assert await dump(google_server) == before


@pytest.mark.asyncio
async def test_a_name_is_kept_and_a_picture_replaced(google_server: Server, fake_google: FakeGoogle) -> None:
    async def come(**changes: object) -> tuple[object, object]:
        credential = fake_google.credential(SUBJECT, "ada.b@example.com", **changes)
        succeeded(await sign_in_with_google(google_server.nobody, credential))
        kept = await account(google_server, "ada.b@example.com")
        return kept["name"], kept["picture_url"]

    assert await come(name=None, picture=None) == ("ada.b", None)
    assert await come(name="Ada Lovelace") == ("ada.b", PICTURE)
    assert await come(picture=None) == ("ada.b", PICTURE)
    assert await come(picture="https://lh3.googleusercontent.com/b") == (
        "ada.b",
        "https://lh3.googleusercontent.com/b",
    )
    for nameless in (None, ""):
        async with google_server.services.database.write() as tx:
            await tx.execute(update(User).values(name=nameless))
        assert (await come(name=" Ada\x00 King "))[0] == "Ada King"


@sqlite_alone
@pytest.mark.asyncio
async def test_what_is_no_name_or_picture_is_left_out(google_server: Server, fake_google: FakeGoogle) -> None:
    longest = "https://lh3.googleusercontent.com/" + "x" * 2_014
    cases: list[tuple[dict[str, object], str, str | None]] = [
        ({"name": " "}, "ada", PICTURE),
        ({"name": 7}, "ada", PICTURE),
        ({"name": ["Ada"]}, "ada", PICTURE),
        ({"name": "x" * 5_000}, "x" * 100, PICTURE),
        ({"picture": longest}, "Ada Lovelace", longest),
    ]
    no_urls: tuple[object, ...] = (
        longest + "x",
        "http://lh3.googleusercontent.com/a",
        "javascript:alert(1)",
        "//lh3.googleusercontent.com/a",
        "https://",
        "https:///a",
        "https://user@lh3.googleusercontent.com/a",
        "https://lh3.googleusercontent.com/a b",
        "https://lh3.googleusercontent.com/\n",
        'https://lh3.googleusercontent.com/"\N{GRINNING FACE}',
        7,
        ["https://lh3.googleusercontent.com/a"],
    )
    for picture in no_urls:
        case: tuple[dict[str, object], str, str | None] = ({"picture": picture}, "Ada Lovelace", None)
        cases += [case]
    for number, (changes, name, picture) in enumerate(cases):
        email = f"ada@{number}.example.com"
        credential = fake_google.credential(str(number), email, **changes)
        succeeded(await sign_in_with_google(google_server.nobody, credential))
        kept = await account(google_server, email)
        assert (kept["name"], kept["picture_url"]) == (name, picture), changes


@sqlite_alone
@pytest.mark.asyncio
async def test_google_must_tell_the_address(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    before = await dump(google_server)
    for email in (None, "", "  "):
        answer = await sign_in_with_google(nobody, fake_google.credential(SUBJECT, email))
        assert problems(answer) == [("credential", "REQUIRED")]
        assert member(answer)["message"] == "Email is required for Google Sign-In."
    for email in ("no address", "ada@localhost", "a" * 300 + "@gmail.com", "ada\x00@gmail.com"):
        answer = await sign_in_with_google(nobody, fake_google.credential(SUBJECT, email))
        assert problems(answer) == [("credential", "INVALID_FORMAT")], email
    assert await dump(google_server) == before


@pytest.mark.asyncio
async def test_an_address_is_proved_where_google_runs_the_mailbox(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    cases: list[tuple[str, object, str | None, bool]] = [
        ("gmail.com", True, None, True),
        ("gmail.com", None, None, True),
        ("example.com", True, "example.com", True),
        ("gmail.com", False, None, False),
        ("example.com", True, None, False),
        ("example.com", None, "example.com", False),
        ("example.com", "true", "example.com", False),
        ("example.com", 1, "example.com", False),
    ]
    for number, (domain, told, hosted, proved) in enumerate(cases):
        credential = fake_google.credential(str(number), f"{number}@{domain}", email_verified=told, hd=hosted)
        made = succeeded(await sign_in_with_google(google_server.nobody, credential))
        assert made["user"]["emailVerified"] is proved, (domain, told, hosted)
    async with google_server.services.database.read() as reader:
        payloads = [payload for (payload,) in await reader.all(select(Task.payload).order_by(Task.id))]
    # Whoever Google does not vouch for is asked by mail.
    assert [payload["purpose"] for payload in payloads] == ["EMAIL_VERIFICATION"] * 5


@pytest.mark.asyncio
async def test_a_credential_signs_in_once(google_server: Server, fake_google: FakeGoogle) -> None:
    nobody = google_server.nobody
    credential = fake_google.credential(SUBJECT, "ada@example.com")
    succeeded(await sign_in_with_google(nobody, credential))
    before = await dump(google_server)

    # The last character holds four bits that no decoder looks at.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(credential[-1])
    respelled = {credential[:-1] + alphabet[last - last % 16 + bits] for bits in range(16)}
    assert len(respelled) == 16
    for again in respelled:
        refused = member(await sign_in_with_google(nobody, again))
        assert refused == {"__typename": "InvalidCredentials", "message": "Invalid Google credential."}
    assert await dump(google_server) == before
    succeeded(await sign_in_with_google(nobody, fake_google.credential(SUBJECT, "ada@example.com")))


@pytest.mark.asyncio
async def test_of_one_credential_many_times_at_once_one_signs_in(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    credential = fake_google.credential(SUBJECT, "ada@example.com")
    answers = await asyncio.gather(*(sign_in_with_google(google_server.nobody, credential) for _ in range(8)))
    told = Counter(member(answer)["__typename"] for answer in answers)
    assert told == {"SessionCreateWithGoogleSuccess": 1, "InvalidCredentials": 7}
    assert await stored(google_server) == {"users": 1, "sessions": 1, "refresh_tokens": 1}


@pytest.mark.asyncio
async def test_many_first_times_at_once_make_one_account(google_server: Server, fake_google: FakeGoogle) -> None:
    credentials = [fake_google.credential(SUBJECT, "ada@example.com") for _ in range(8)]
    answers = await asyncio.gather(*(sign_in_with_google(google_server.nobody, one) for one in credentials))
    assert len({succeeded(answer)["user"]["id"] for answer in answers}) == 1
    assert await stored(google_server) == {"users": 1, "sessions": 8, "refresh_tokens": 8}
    assert [kind for kind, _ in await audited(google_server)].count("USER_REGISTERED") == 1


@pytest.mark.asyncio
async def test_one_person_under_two_addresses_at_once_gets_one_account(
    google_server: Server, fake_google: FakeGoogle
) -> None:
    credentials = [fake_google.credential(SUBJECT, f"ada{number % 2}@example.com") for number in range(8)]
    answers = await asyncio.gather(*(sign_in_with_google(google_server.nobody, one) for one in credentials))
    assert len({succeeded(answer)["user"]["id"] for answer in answers}) == 1
    assert (await stored(google_server))["users"] == 1


@pytest.mark.asyncio
async def test_what_has_long_expired_is_forgotten(google_server: Server, fake_google: FakeGoogle) -> None:
    for email in ("ada@example.com", "eve@example.com"):
        succeeded(await sign_in_with_google(google_server.nobody, fake_google.credential(email, email)))
    async with google_server.services.database.write() as tx:
        first, _ = await tx.all(select(SpentCredential.credential_hash))
        is_first = SpentCredential.credential_hash == first.credential_hash
        for seconds, purged in ((None, 0), (-3_500, 0), (-3_700, 1)):
            if seconds is not None:
                ago = clock.seconds_from_now(seconds)
                await tx.execute(update(SpentCredential).where(is_first).values(expires_at=ago))
            assert await tx.execute(spent_credentials.purge()) == purged
        assert len(await tx.all(select(SpentCredential.credential_hash))) == 1
