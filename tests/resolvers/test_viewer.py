"""Who is calling: from what is sent to `viewer`, and who is turned away."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import delete, func, select

from db.models.tables import Conversation, Note, Session, User
from services.settings import Settings
from tests import raw_http
from tests.accounts import VIEWER, register, succeeded, viewer
from tests.client import Answer, Client, Json
from tests.forged_tokens import expired, forgeries
from tests.server import Server, serving
from tests.settings import SECRET_KEY

KEY = SECRET_KEY.encode()
ADMIN_TOKEN = "an admin token that is only for tests"
TAKE_A_NOTE = """
mutation { noteCreate(input: {video: {youtube: "dQw4w9WgXcQ"}, timestamp: "0:01", text: "x"}) { __typename } }
"""
BEGIN_A_CONVERSATION = """
mutation { conversationCreate(input: {video: {youtube: "dQw4w9WgXcQ"}}) { __typename } }
"""
MESSAGES = {
    "MISSING": "Sign in.",
    "INVALID": "The access token is not valid.",
    "EXPIRED": "The access token has expired.",
    "REVOKED": "The session has ended. Sign in again.",
}
GUESTS_WOULD_DO = "Sign in, or send a guest session id."
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def guarded(settings: Settings) -> AsyncGenerator[Server]:
    """A server that knows an admin token."""
    with_admin = settings.model_copy(update={"admin_token": SecretStr(ADMIN_TOKEN)})
    async with serving(with_admin, work=False) as server:
        yield server


def assert_refused(answer: Answer, reason: str, message: str | None = None) -> None:
    """In the one form that a refusal has, and with no data."""
    extensions = answer.error["extensions"]
    assert (answer.status, answer.body["data"]) == (200, None)
    assert extensions == {
        "code": "UNAUTHENTICATED",
        "details": {"reason": reason},
        "requestId": answer.headers["X-Request-ID"],
    }
    assert answer.error["message"] == (message or MESSAGES[reason])


async def ask(server: Server, **headers: str) -> Answer:
    """Who one is, by just these headers."""
    return await raw_http.post(server.url, VIEWER, *headers.items())


async def kind(server: Server, **headers: str) -> str:
    found: str = (await ask(server, **headers)).data["viewer"]["kind"]
    return found


@pytest.mark.asyncio
async def test_each_caller_is_told_who_one_is(guarded: Server) -> None:
    user = await guarded.user("ada@example.com")
    made = await user.execute("mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }")
    token: str = made.data["apiTokenCreate"]["token"]
    found: dict[str, Json] = {
        name: await viewer(client)
        for name, client in {
            "nobody": guarded.nobody,
            "guest": guarded.guest(),
            "user": user,
            "program": Client(url=guarded.url, token=token),
            "admin": Client(url=guarded.url, token=ADMIN_TOKEN),
        }.items()
    }
    no_list = {"totalCount": 0}
    assert found.pop("user")["user"]["email"] == "ada@example.com"
    assert found == {
        "nobody": {"kind": "ANONYMOUS", "user": None, "wizQuota": None, "conversations": None},
        "guest": {"kind": "GUEST", "user": None, "wizQuota": {"limit": 5}, "conversations": no_list},
        "program": {"kind": "API_TOKEN", "user": None, "wizQuota": None, "conversations": None},
        "admin": {"kind": "ADMIN", "user": None, "wizQuota": None, "conversations": None},
    }


@sqlite_alone
@pytest.mark.asyncio
async def test_a_token_goes_before_a_guest_id(guarded: Server) -> None:
    user = await guarded.user()
    both = {**user.headers, "X-Guest-Session-ID": "a guest"}
    assert await kind(guarded, **both) == "USER"
    assert await kind(guarded, **{**both, "Authorization": f"Bearer {ADMIN_TOKEN}"}) == "ADMIN"
    # A client that has no token may send an empty header.
    for blank in ("", "  "):
        assert await kind(guarded, **{**both, "Authorization": blank}) == "GUEST"
        assert await kind(guarded, Authorization=blank) == "ANONYMOUS"


@sqlite_alone
@pytest.mark.asyncio
async def test_the_scheme_is_bearer_in_any_case(guarded: Server) -> None:
    token = (await guarded.user()).token
    for value in (f"Bearer {token}", f"bearer {token}", f"BEARER   {token}  "):
        assert await kind(guarded, Authorization=value) == "USER"
    for value in (str(token), "Bearer", "Bearer ", f"Basic {token}", f"Token {token}", f"Bearer{token}", "Basic YTpi"):
        assert_refused(await ask(guarded, Authorization=value), "INVALID")


@sqlite_alone
@pytest.mark.asyncio
async def test_a_forged_token_is_refused_and_makes_no_guest(guarded: Server) -> None:
    user = await guarded.user()
    genuine = str(user.token)
    forged = forgeries(genuine, KEY)
    assert len(forged) > 80
    for flaw, token in forged.items():
        answer = await ask(guarded, **{"Authorization": f"Bearer {token}", "X-Guest-Session-ID": "a guest"})
        assert answer.code == "UNAUTHENTICATED", flaw
        assert_refused(answer, "INVALID")
    assert_refused(
        await Client(url=guarded.url, token=expired(genuine, KEY), guest="a guest").execute(VIEWER), "EXPIRED"
    )
    assert await kind(guarded, **user.headers) == "USER"


@pytest.mark.asyncio
async def test_who_is_refused_changes_nothing(guarded: Server) -> None:
    genuine = str((await guarded.user()).token)
    refused = {
        "INVALID": Client(url=guarded.url, token=genuine[:-10], guest="a guest"),
        "EXPIRED": Client(url=guarded.url, token=expired(genuine, KEY), guest="a guest"),
        "MISSING": guarded.nobody,
    }
    for reason, client in refused.items():
        assert_refused(await client.execute(TAKE_A_NOTE), reason)
        message = GUESTS_WOULD_DO if reason == "MISSING" else None
        assert_refused(await client.execute(BEGIN_A_CONVERSATION), reason, message)
    assert_refused(await guarded.guest().execute(TAKE_A_NOTE), "MISSING")
    forbidden = await Client(url=guarded.url, token=ADMIN_TOKEN).execute(TAKE_A_NOTE)
    assert forbidden.code == "FORBIDDEN"
    async with guarded.services.database.read() as reader:
        for table in (Note, Conversation):
            assert await reader.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.asyncio
async def test_a_deleted_user_is_nobody_any_more(idle_server: Server, settings: Settings) -> None:
    made = succeeded(await register(idle_server.nobody, "ada@example.com"))
    token = made["tokens"]["accessToken"]
    async with idle_server.services.database.write() as tx:
        await tx.execute(delete(User))
    async with serving(settings, work=False) as fresh:
        ghost = Client(url=fresh.url, token=token, guest="a guest")
        for document in (VIEWER, TAKE_A_NOTE, BEGIN_A_CONVERSATION):
            assert_refused(await ghost.execute(document), "REVOKED")
    async with idle_server.services.database.read() as reader:
        for table in (Session, Note, Conversation):
            assert await reader.scalar(select(func.count()).select_from(table)) == 0


@sqlite_alone
@pytest.mark.asyncio
async def test_a_guest_id_is_short_printable_ascii(guarded: Server) -> None:
    for guest_id in ("x", "a guest with blanks", "~" * 128, "  trimmed  ", '{"json": true}', "' OR ''='"):
        assert await kind(guarded, **{"X-Guest-Session-ID": guest_id}) == "GUEST"
    for guest_id in ("", "   "):
        assert await kind(guarded, **{"X-Guest-Session-ID": guest_id}) == "ANONYMOUS"
    message = "A guest session id is 1 to 128 printable ASCII characters."
    for guest_id in ("x" * 129, "x\ty", "caf\xe9", "\x80"):
        assert_refused(await ask(guarded, **{"X-Guest-Session-ID": guest_id}), "INVALID", message)


@sqlite_alone
@pytest.mark.asyncio
async def test_guests_are_told_apart_by_their_ids(guarded: Server) -> None:
    for guest_id in ("one", " one "):
        await raw_http.post(guarded.url, BEGIN_A_CONVERSATION, ("X-Guest-Session-ID", guest_id))
    counts = {
        guest_id: (await viewer(guarded.guest(guest_id)))["conversations"]["totalCount"]
        for guest_id in ("one", "One", "one.", "on", "\\one")
    }
    assert counts == {"one": 2, "One": 0, "one.": 0, "on": 0, "\\one": 0}


@sqlite_alone
@pytest.mark.asyncio
async def test_an_admin_token_is_matched_whole(guarded: Server, settings: Settings) -> None:
    for token in (ADMIN_TOKEN[:-1], ADMIN_TOKEN + "x", ADMIN_TOKEN.upper(), "x"):
        assert_refused(await ask(guarded, Authorization=f"Bearer {token}"), "INVALID")
    # One that no header can carry matches nobody, and is in nobody's way.
    unsendable = settings.model_copy(update={"admin_token": SecretStr("schlüssel")})
    async with serving(unsendable, work=False) as server:
        assert (await viewer(await server.user()))["kind"] == "USER"
        assert_refused(await ask(server, Authorization="Bearer schl\xfcssel"), "INVALID")
        assert_refused(await ask(server, Authorization="Bearer "), "INVALID")


@sqlite_alone
@pytest.mark.asyncio
async def test_no_header_says_whose_things_one_sees(guarded: Server) -> None:
    """As an old backend let its clients say (H-060)."""
    ada, ben = await guarded.user("ada@example.com"), await guarded.user("ben@example.com")
    ids = {client: (await viewer(client))["user"]["id"] for client in (ada, ben)}
    for name in ("X-User-Id", "X_User_Id", "x_user_id", "User-Id", "X-Forwarded-User"):
        for value in (ids[ben], "1", "2", "ben@example.com"):
            answer = await ask(guarded, **{**ada.headers, name: value})
            assert answer.data["viewer"]["user"]["id"] == ids[ada]
            assert await kind(guarded, **{name: value}) == "ANONYMOUS"
