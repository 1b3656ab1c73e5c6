"""Passwords forgotten, set anew by mail, and changed: what that ends, and what nobody can tell from outside."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, insert, select, update

from db import clock
from db.models.tables import ApiToken, AuditEvent, MailedToken, ProviderKey, Session, Task, User
from services.settings import Settings
from tests.accounts import VIEWER, member, problems, register, sign_in, stored, succeeded, viewer
from tests.client import Answer, Client
from tests.conditions import until
from tests.outbox import kept, mails, newest_token, token_in
from tests.resolvers.stored import row_id
from tests.server import PASSWORD, Server, serving
from tests.settings import settings_for
from tests.statements import count_statements

REQUEST = """
mutation Forgotten($input: PasswordResetRequestInput!) {
  passwordResetRequest(input: $input) {
    __typename
    ... on PasswordResetRequestSuccess { tokenValidSeconds }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
RESET = """
mutation Reset($input: PasswordResetInput!) {
  passwordReset(input: $input) {
    __typename
    ... on PasswordResetSuccess { email }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
CHANGE = """
mutation Change($input: PasswordChangeInput!) {
  passwordChange(input: $input) {
    __typename
    ... on PasswordChangeSuccess { user { email hasPassword } }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
NEW = "battery staple"
ADA = "ada@example.com"
SENT = {"__typename": "PasswordResetRequestSuccess", "tokenValidSeconds": 1800}
INVALID = {"__typename": "InvalidToken", "message": "The token is not valid any more. Ask for a new one."}
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def forget(client: Client, email: str = ADA) -> Answer:
    return await client.execute(REQUEST, input={"email": email})


async def reset(client: Client, token: str, password: str = NEW) -> Answer:
    return await client.execute(RESET, input={"token": token, "newPassword": password})


async def change(client: Client, old: str, new: str) -> Answer:
    return await client.execute(CHANGE, input={"oldPassword": old, "newPassword": new})


async def newcomer(server: Server, email: str = ADA) -> Client:
    tokens = succeeded(await register(server.nobody, email))["tokens"]
    return Client(url=server.url, token=tokens["accessToken"])


async def again(server: Server, *, password: str = PASSWORD) -> Client:
    """Another session."""
    tokens = succeeded(await sign_in(server.nobody, password=password))["tokens"]
    return Client(url=server.url, token=tokens["accessToken"])


async def reason(client: Client) -> str:
    """Why the client is not let in."""
    found: str = (await client.execute(VIEWER)).error["extensions"]["details"]["reason"]
    return found


async def hash_of(server: Server, email: str = ADA) -> str | None:
    async with server.services.database.read() as reader:
        return await reader.scalar(select(User.password_hash).where(User.email == email))


async def audited(server: Server) -> Counter[str]:
    async with server.services.database.read() as reader:
        return Counter(kind for (kind,) in await reader.all(select(AuditEvent.kind)))


async def all_is_sent(server: Server) -> None:
    """While a mail is on its way there is no second."""
    live = select(func.count()).where(Task.status.in_(["PENDING", "RUNNING"]))

    async def is_sent() -> bool:
        async with server.services.database.read() as reader:
            return await reader.scalar(live) == 0

    await until(is_sent)


@pytest.mark.asyncio
async def test_from_a_forgotten_password_to_a_new_one(server: Server, settings: Settings) -> None:
    owner = await newcomer(server)
    elsewhere = await again(server)
    user_id = row_id((await viewer(owner))["user"]["id"])
    async with server.services.database.write() as tx:
        await tx.execute(insert(ApiToken).values(user_id=user_id, token_hash="a digest"))

    assert member(await forget(server.nobody, f" {ADA.upper()} ")) == SENT
    token = await newest_token(settings)
    async with serving(settings, work=False) as another:
        there = Client(url=another.url, token=owner.token)
        assert (await viewer(there))["kind"] == "USER"
        assert member(await reset(server.nobody, token)) == {"__typename": "PasswordResetSuccess", "email": ADA}

        for client in (owner, elsewhere):
            assert await reason(client) == "REVOKED"

        async def is_put_out() -> bool:
            return "errors" in (await there.execute(VIEWER)).body

        # The other process may remember for some seconds that the session stood.
        await until(is_put_out)
        assert await reason(there) == "REVOKED"
        assert member(await sign_in(another.nobody, password=PASSWORD))["__typename"] == "InvalidCredentials"
    made = succeeded(await sign_in(server.nobody, password=NEW))
    assert (made["user"]["emailVerified"], made["user"]["hasPassword"]) == (True, True)

    assert member(await reset(server.nobody, token, "a third password")) == INVALID
    succeeded(await sign_in(server.nobody, password=NEW))
    async with server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(ApiToken)) == 0
        assert await reader.scalar(select(func.count()).select_from(MailedToken)) == 0
    counted = await audited(server)
    assert (counted["PASSWORD_RESET_REQUESTED"], counted["PASSWORD_RESET"]) == (1, 1)


@pytest.mark.asyncio
async def test_an_unknown_address_is_answered_alike_and_as_much_is_done(idle_server: Server) -> None:
    await newcomer(idle_server)
    async with idle_server.services.database.write() as tx:
        await tx.execute(insert(User).values(email="google@example.com", email_verified=True))
    answers: list[object] = []
    statements: list[list[str]] = []
    for email in (ADA, "nobody@example.com", "google@example.com", "someone@example.com"):
        async with count_statements(idle_server.services.database._engines) as run:
            answers.append((await forget(idle_server.nobody, email)).body)
        statements.append([statement.partition("(")[0] for statement in run])
    assert answers == [{"data": {"passwordResetRequest": SENT}}] * 4
    assert statements == [statements[0]] * 4
    async with idle_server.services.database.read() as reader:
        rows = await reader.all(
            select(Task.payload, Task.key).where(Task.payload["purpose"].as_string() != "EMAIL_VERIFICATION")
        )
        tasks = [payload for payload, _ in rows]
    assert [sorted(task) for task in tasks] == [["purpose", "userId"]] * 4
    assert [task["userId"] is None for task in tasks] == [False, True, False, True]


@pytest.mark.asyncio
async def test_for_an_unknown_address_nothing_is_sent(server: Server, settings: Settings) -> None:
    assert member(await forget(server.nobody, "nobody@example.com")) == SENT
    await newcomer(server)
    await mails(settings, 1, subject="address")
    assert member(await forget(server.nobody)) == SENT
    await mails(settings, 1)
    assert {mail["To"] for mail in kept(settings)} == {ADA}


@sqlite_alone
@pytest.mark.asyncio
async def test_what_is_no_address_is_told(idle_server: Server) -> None:
    for email, code in (("", "REQUIRED"), ("ada", "INVALID_FORMAT"), ("ada\r\nBcc: eve@example.com", "INVALID_FORMAT")):
        assert problems(await forget(idle_server.nobody, email)) == [("email", code)]
    assert problems(await forget(idle_server.nobody, "a\ud800@example.com")) == [("email", "INVALID_CHARACTER")]
    async with idle_server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(Task)) == 0


@pytest.mark.asyncio
async def test_one_mailbox_gets_three_mails_an_hour_and_nobody_is_told(settings: Settings) -> None:
    throttled = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="100/minute"
    )
    async with serving(throttled) as server:
        await newcomer(server)
        tokens: list[str] = []
        for number in range(1, 4):
            assert member(await forget(server.nobody)) == SENT
            await all_is_sent(server)
            tokens.append(await newest_token(settings, number))
        for _ in range(2):
            assert member(await forget(server.nobody)) == SENT
            assert member(await forget(server.nobody, "nobody@example.com")) == SENT
        assert (await audited(server))["PASSWORD_RESET_REQUESTED"] == 5
        assert len(await mails(settings, 3)) == 3
        # Only the newest is good.
        for token in tokens[:-1]:
            assert member(await reset(server.nobody, token)) == INVALID
        assert member(await reset(server.nobody, tokens[-1]))["__typename"] == "PasswordResetSuccess"


@pytest.mark.asyncio
async def test_guesses_at_tokens_are_counted_by_address(settings: Settings) -> None:
    throttled = settings_for(settings.database_url, settings.data_dir, rate_limit_enabled=True)
    async with serving(throttled, work=False) as server:
        answers = [await reset(server.nobody, f"guess {number}") for number in range(11)]
        assert [member(answer) for answer in answers[:10]] == [INVALID] * 10
        assert answers[10].code == "RATE_LIMITED"
        assert (await forget(server.nobody)).code == "RATE_LIMITED"


@pytest.mark.asyncio
async def test_what_is_no_good_token_changes_nothing(server: Server, settings: Settings) -> None:
    owner = await newcomer(server)
    verification = await newest_token(settings, subject="address")
    await newcomer(server, "eve@example.com")
    assert member(await forget(server.nobody)) == SENT
    token = await newest_token(settings)
    before = await stored(server), await hash_of(server)

    for guess in (
        "",
        " ",
        "x",
        "x" * 100_000,
        "\x00",
        "\ud800",
        "é",
        f" {token}",
        token[:-1],
        token.swapcase(),
        verification,
    ):
        assert member(await reset(server.nobody, guess)) == INVALID, guess
    expired = update(MailedToken).values(expires_at=clock.seconds_from_now(-1))
    # The mailbox is not theirs any more.
    moved = update(User).where(User.email == ADA).values(email="ida@example.com")
    for statement, undo in (
        (expired, update(MailedToken).values(expires_at=clock.seconds_from_now(60))),
        (moved, update(User).where(User.email == "ida@example.com").values(email=ADA)),
    ):
        async with server.services.database.write() as tx:
            await tx.execute(statement)
        assert member(await reset(server.nobody, token)) == INVALID
        async with server.services.database.write() as tx:
            await tx.execute(undo)

    assert (await stored(server), await hash_of(server)) == before
    assert (await viewer(owner))["kind"] == "USER"
    assert (await audited(server))["PASSWORD_RESET"] == 0
    assert member(await reset(server.nobody, token))["__typename"] == "PasswordResetSuccess"


@pytest.mark.asyncio
async def test_a_password_that_is_refused_leaves_the_token_good(server: Server, settings: Settings) -> None:
    await newcomer(server)
    await forget(server.nobody)
    token = await newest_token(settings)
    for password, code in (
        ("", "REQUIRED"),
        ("123456", "TOO_SHORT"),
        ("x" * 1025, "TOO_LONG"),
        ("\ud800 horses", "INVALID_CHARACTER"),
    ):
        assert problems(await reset(server.nobody, token, password)) == [("newPassword", code)]
    assert member(await reset(server.nobody, token, " " * 7))["__typename"] == "PasswordResetSuccess"
    succeeded(await sign_in(server.nobody, password=" " * 7))


@pytest.mark.asyncio
async def test_of_many_uses_of_a_token_at_once_one_is_good(server: Server, settings: Settings) -> None:
    await newcomer(server)
    await forget(server.nobody)
    token = await newest_token(settings)
    async with serving(settings, work=False) as another:
        clients = [server.nobody, another.nobody] * 6
        answers = await asyncio.gather(*(reset(one, token, f"password {n}") for n, one in enumerate(clients)))
    counted = Counter(member(answer)["__typename"] for answer in answers)
    assert counted == {"PasswordResetSuccess": 1, "InvalidToken": 11}
    (winner,) = (n for n, answer in enumerate(answers) if member(answer)["__typename"] == "PasswordResetSuccess")
    succeeded(await sign_in(server.nobody, password=f"password {winner}"))
    assert (await audited(server))["PASSWORD_RESET"] == 1


@pytest.mark.asyncio
async def test_an_account_without_a_password_gets_one(server: Server, settings: Settings) -> None:
    owner = await newcomer(server)
    async with server.services.database.write() as tx:
        await tx.execute(update(User).values(password_hash=None))
    refused = member(await change(owner, PASSWORD, NEW))
    assert refused == {
        "__typename": "NotFound",
        "message": "The account has no password yet. Ask for a reset by mail to set one.",
    }
    await forget(server.nobody)
    assert member(await reset(server.nobody, await newest_token(settings)))["email"] == ADA
    succeeded(await sign_in(server.nobody, password=NEW))


@pytest.mark.asyncio
async def test_an_intruder_is_put_out_with_their_keys(server: Server, settings: Settings) -> None:
    """Whether they registered the address of another, or got into the account."""
    stranger = await newcomer(server)
    user_id = row_id((await viewer(stranger))["user"]["id"])
    key = insert(ProviderKey).values(user_id=user_id, provider="gemini", sealed=b"sealed", sealed_by="a key")
    keys = select(func.count()).select_from(ProviderKey)
    for number, is_proved in enumerate((True, False), 1):
        async with server.services.database.write() as tx:
            await tx.execute(update(User).values(email_verified=is_proved))
            await tx.execute(key)
        await forget(server.nobody)
        token = await newest_token(settings, number)
        await all_is_sent(server)
        assert member(await reset(server.nobody, token))["email"] == ADA
        async with server.services.database.read() as reader:
            assert await reader.scalar(keys) == 0
    assert await reason(stranger) == "REVOKED"


@pytest.mark.asyncio
async def test_changing_it_ends_the_other_sessions(server: Server, settings: Settings) -> None:
    owner = await newcomer(server)
    elsewhere, eve = await again(server), await newcomer(server, "eve@example.com")
    user_id = row_id((await viewer(owner))["user"]["id"])
    async with server.services.database.write() as tx:
        await tx.execute(insert(ApiToken).values(user_id=user_id, token_hash="a digest"))
    await forget(server.nobody)
    token = await newest_token(settings)

    changed = member(await change(owner, PASSWORD, NEW))
    assert changed == {"__typename": "PasswordChangeSuccess", "user": {"email": ADA, "hasPassword": True}}

    assert await reason(elsewhere) == "REVOKED"
    for client in (owner, eve):
        assert (await viewer(client))["kind"] == "USER"
    assert member(await sign_in(server.nobody, password=PASSWORD))["__typename"] == "InvalidCredentials"
    succeeded(await sign_in(server.nobody, password=NEW))
    assert member(await reset(server.nobody, token, PASSWORD)) == INVALID
    assert (await audited(server))["PASSWORD_CHANGED"] == 1
    async with server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(ApiToken)) == 1


@pytest.mark.asyncio
async def test_a_change_that_is_refused_changes_nothing(idle_server: Server) -> None:
    owner = await newcomer(idle_server)
    before = await stored(idle_server), await hash_of(idle_server)
    wrong = member(await change(owner, "wrong horse", NEW))
    assert wrong == {"__typename": "InvalidCredentials", "message": "The old password is wrong."}
    assert problems(await change(owner, "", "123456")) == [("oldPassword", "REQUIRED"), ("newPassword", "TOO_SHORT")]
    assert problems(await change(owner, PASSWORD, "\ud800" * 9)) == [("newPassword", "INVALID_CHARACTER")]
    for stranger in (idle_server.nobody, idle_server.guest()):
        assert (await change(stranger, PASSWORD, NEW)).code == "UNAUTHENTICATED"
    assert (await stored(idle_server), await hash_of(idle_server)) == before
    async with idle_server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).where(Session.revoked_at.is_not(None))) == 0


@pytest.mark.asyncio
async def test_of_many_changes_at_once_one_is_good(idle_server: Server) -> None:
    owner = await newcomer(idle_server)
    answers = await asyncio.gather(*(change(owner, PASSWORD, f"password {n}") for n in range(6)))
    counted = Counter(member(answer)["__typename"] for answer in answers)
    assert counted == {"PasswordChangeSuccess": 1, "InvalidCredentials": 5}
    assert (await viewer(owner))["kind"] == "USER"


@pytest.mark.asyncio
async def test_guesses_at_the_old_password_are_counted_by_session(settings: Settings) -> None:
    throttled = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="100/minute"
    )
    async with serving(throttled, work=False) as server:
        owner = await newcomer(server)
        elsewhere = await again(server)
        for _ in range(10):
            assert member(await change(owner, "wrong horse", NEW))["__typename"] == "InvalidCredentials"
        assert (await change(owner, PASSWORD, NEW)).code == "RATE_LIMITED"
        assert member(await change(elsewhere, PASSWORD, NEW))["__typename"] == "PasswordChangeSuccess"


@sqlite_alone
@pytest.mark.asyncio
async def test_a_mail_says_what_it_is_for(settings: Settings) -> None:
    url = "https://app.example.com/#reset={token}"
    linked = settings_for(settings.database_url, settings.data_dir, password_reset_url=url, password_reset_minutes=60)
    async with serving(linked) as server:
        await newcomer(server)
        assert member(await forget(server.nobody))["tokenValidSeconds"] == 3600
        (mail,) = await mails(settings, 1)
        assert (mail["From"], mail["To"]) == ("VidWiz <vidwiz@localhost>", ADA)
        text = mail.get_content()
        assert "https://app.example.com/#reset=" in text
        assert "It is good for 1 hour, and once. If it was not you, ignore this mail" in text
        token = text.partition("#reset=")[2].split()[0]
        assert member(await reset(server.nobody, token))["email"] == ADA
        verification = token_in((await mails(settings, 1, subject="address"))[0])
        assert verification != token
