"""The owner of an account gets in while strangers guess at it, and nothing tells them whether it exists."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
import pytest_asyncio
from sqlalchemy import String, cast, select, update

from db.models.tables import AuditEvent, User
from services.identity.guesses import EVERYWHERE_RATE
from services.settings import Settings
from tests.accounts import SIGN_IN, VIEWER, member, register, sign_in, sign_out, stored, succeeded
from tests.client import Answer, Client, StreamRefused
from tests.forged_tokens import expired
from tests.server import PASSWORD, Server, serving
from tests.settings import SECRET_KEY, settings_for
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

ADA = "ada@example.com"
WRONG = "wrong horse"
BCRYPT = "$2b$04$abcdefghijklmnopqrstuuJb5g0q6Zb8Gz5Xq1rF2mWmQ2F3bqv1K"
PBKDF2 = "c2l4dGVlbiBieXRlcyBva" + "A" * 43
REFUSAL = {"__typename": "InvalidCredentials", "message": "Invalid email or password."}


@pytest_asyncio.fixture
async def throttled(settings: Settings) -> AsyncGenerator[Server]:
    """With the throttles on; so many may come from one address that only those of an account are met."""
    changed = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="1000/minute"
    )
    async with serving(changed, work=False) as server:
        yield server


async def besiege(server: Server) -> None:
    """So that nobody signs in to Ada's account from an address that is new to it, or from this one."""
    for _ in range(EVERYWHERE_RATE.attempts):
        await server.services.throttle.count("everywhere", ADA, EVERYWHERE_RATE)
    answers = [await sign_in(server.nobody, password=WRONG) for _ in range(11)]
    assert answers[-1].code == "RATE_LIMITED"


async def told(server: Server) -> list[tuple[object, ...]]:
    """The audit log."""
    columns = (AuditEvent.kind, AuditEvent.user_id, AuditEvent.address, AuditEvent.details)
    async with server.services.database.read() as reader:
        return [tuple(row) for row in await reader.all(select(*columns).order_by(AuditEvent.id))]


async def test_a_token_that_has_expired_shows_a_session_that_is_known(throttled: Server) -> None:
    token = str(succeeded(await register(throttled.nobody))["tokens"]["accessToken"])
    late = Client(url=throttled.url, token=expired(token, SECRET_KEY.encode()))
    assert (await late.execute(VIEWER)).error["extensions"]["details"] == {"reason": "EXPIRED"}
    await besiege(throttled)
    for stranger in (throttled.nobody, Client(url=throttled.url, token=token[:-10]), await throttled.user()):
        assert (await sign_in(stranger)).code == "RATE_LIMITED"
    for known in (late, Client(url=throttled.url, token=token)):
        succeeded(await sign_in(known))
    # One that was ended, perhaps since it was stolen, opens nothing.
    await sign_out(Client(url=throttled.url, token=token))
    for ended in (late, Client(url=throttled.url, token=token)):
        assert (await sign_in(ended)).code == "RATE_LIMITED"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_guesses_on_a_socket_are_counted_like_any_other(throttled: Server) -> None:
    await register(throttled.nobody)
    guess = {"email": ADA, "password": WRONG}
    found: list[str] = []
    async with throttled.nobody.socket() as socket:
        for _ in range(12):
            try:
                async with aclosing(socket.subscribe(SIGN_IN, input=guess)) as events:
                    found += [event["__typename"] async for event in events]
            except StreamRefused as refused:
                found.append(refused.code)
    assert found == ["InvalidCredentials"] * 10 + ["RATE_LIMITED"] * 2
    assert (await sign_in(throttled.nobody)).code == "RATE_LIMITED"
    assert len([kind for kind, *_ in await told(throttled) if kind == "SIGN_IN_FAILED"]) == 10


async def test_a_stranger_learns_nothing_of_who_has_an_account(throttled: Server) -> None:
    hashes = {"known": "", "google": None, "bcrypt": BCRYPT, "pbkdf2": PBKDF2, "damaged": "x"}
    for name, stored_hash in hashes.items():
        await register(throttled.nobody, f"{name}@example.com")
        if stored_hash != "":
            async with throttled.services.database.write() as tx:
                changed = update(User).where(User.email == f"{name}@example.com")
                await tx.execute(changed.values(password_hash=stored_hash))
    before = await stored(throttled)
    answers: list[Answer] = []
    statements: list[list[str]] = []
    for name in (*hashes, "unknown", "another"):
        async with count_statements(throttled.services.database._engines) as run:
            answers.append(await sign_in(throttled.nobody, f"{name}@example.com", password=WRONG))
        statements.append(run)
    assert [answer.body for answer in answers] == [{"data": {"sessionCreate": REFUSAL}}] * len(answers)
    assert {answer.status for answer in answers} == {200}
    names = [{name.lower() for name in answer.headers if name.lower() != "x-request-id"} for answer in answers]
    assert names == [names[0]] * len(names)
    # Though all of them come from where some accounts were made. Word for word, and as many: throttles, the look-ups, and the line in the audit log.
    assert statements == [statements[0]] * len(statements)
    assert len(statements[0]) >= 5
    assert await stored(throttled) == before


async def test_the_audit_log_tells_who_came_in_and_who_did_not(idle_server: Server) -> None:
    nobody = idle_server.nobody
    succeeded(await register(nobody))
    assert member(await register(nobody))["__typename"] == "EmailTaken"
    user = await only_user(idle_server)
    succeeded(await sign_in(nobody))
    for email, password in ((ADA, WRONG), ("eve@example.com", PASSWORD), ("no address", WRONG), (ADA, "")):
        await sign_in(nobody, email, password=password)
    here = "127.0.0.1"
    assert await told(idle_server) == [
        ("USER_REGISTERED", user, here, {}),
        ("SIGNED_IN", user, here, {"method": "password"}),
        ("SIGN_IN_FAILED", user, here, {}),
        ("SIGN_IN_FAILED", None, here, {}),
        ("SIGN_IN_FAILED", None, here, {}),
    ]
    async with idle_server.services.database.read() as reader:
        texts = [
            str(row) for row in await reader.all(select(*(cast(one, String) for one in AuditEvent.__table__.columns)))
        ]
    assert not [text for text in texts if "@" in text or WRONG in text or PASSWORD in text]


async def test_what_is_throttled_is_not_put_into_the_audit_log(throttled: Server) -> None:
    for _ in range(13):
        await sign_in(throttled.nobody, password=WRONG)
    assert [kind for kind, *_ in await told(throttled)] == ["SIGN_IN_FAILED"] * 10


async def only_user(server: Server) -> int:
    async with server.services.database.read() as reader:
        found = await reader.scalar(select(User.id))
    assert found is not None
    return found
