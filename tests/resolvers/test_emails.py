"""Proof of an e-mail address: the mail at registration, another on request, and what a token is good for."""

import pytest
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import AuditEvent, MailedToken, Task, User
from services.settings import Settings
from tests.accounts import member, register, succeeded
from tests.client import Answer, Client
from tests.conditions import until
from tests.outbox import kept, mails, newest_token
from tests.server import Server, serving
from tests.settings import settings_for

REQUEST = """
mutation { emailVerificationRequest { __typename ... on EmailVerificationRequestSuccess { tokenValidSeconds } } }
"""
VERIFY = """
mutation Verify($input: EmailVerifyInput!) {
  emailVerify(input: $input) {
    __typename ... on EmailVerifySuccess { email } ... on UserError { message }
  }
}
"""
ADA = "ada@example.com"
SENT = {"__typename": "EmailVerificationRequestSuccess", "tokenValidSeconds": 48 * 3600}
VERIFIED = {"__typename": "EmailVerifySuccess", "email": ADA}
INVALID = {"__typename": "InvalidToken", "message": "The token is not valid any more. Ask for a new one."}


async def newcomer(server: Server) -> Client:
    tokens = succeeded(await register(server.nobody, ADA))["tokens"]
    return Client(url=server.url, token=tokens["accessToken"])


async def verify(client: Client, token: str) -> Answer:
    return await client.execute(VERIFY, input={"token": token})


async def is_verified(user: Client) -> bool:
    answer = await user.execute("{ viewer { user { emailVerified } } }")
    found: bool = answer.data["viewer"]["user"]["emailVerified"]
    return found


async def all_is_done(server: Server) -> None:
    live = select(func.count()).where(Task.status.in_(["PENDING", "RUNNING"]))

    async def is_done() -> bool:
        async with server.services.database.read() as reader:
            return await reader.scalar(live) == 0

    await until(is_done)


@pytest.mark.asyncio
async def test_a_registration_brings_a_mail_that_proves_the_address(server: Server, settings: Settings) -> None:
    user = await newcomer(server)
    token = await newest_token(settings, subject="address")
    assert not await is_verified(user)
    assert member(await verify(server.nobody, token)) == VERIFIED
    assert await is_verified(user)
    assert member(await verify(server.nobody, token)) == INVALID
    async with server.services.database.read() as reader:
        kinds = [kind for (kind,) in await reader.all(select(AuditEvent.kind))]
    assert kinds.count("EMAIL_VERIFIED") == 1


@pytest.mark.asyncio
async def test_another_mail_takes_the_place_of_the_first(server: Server, settings: Settings) -> None:
    user = await newcomer(server)
    first = await newest_token(settings, subject="address")
    await all_is_done(server)
    assert member(await user.execute(REQUEST)) == SENT
    second = await newest_token(settings, 2, subject="address")
    assert member(await verify(user, first)) == INVALID
    assert not await is_verified(user)
    assert member(await verify(user, second)) == VERIFIED

    # Of what is proved no mail tells again.
    await all_is_done(server)
    assert member(await user.execute(REQUEST)) == SENT
    await all_is_done(server)
    assert len(kept(settings)) == 2


@pytest.mark.asyncio
async def test_what_is_no_good_token_proves_nothing(server: Server, settings: Settings) -> None:
    user = await newcomer(server)
    token = await newest_token(settings, subject="address")
    await user.execute('mutation { passwordResetRequest(input: {email: "ada@example.com"}) { __typename } }')
    reset = await newest_token(settings)
    for guess in ("", "x", "\x00", "\ud800", "é", f"{token} ", token[1:], token.swapcase(), reset):
        assert member(await verify(server.nobody, guess)) == INVALID, guess
    for values in ({"expires_at": clock.seconds_from_now(-1)}, {"email": "eve@example.com"}):
        async with server.services.database.write() as tx:
            await tx.execute(update(MailedToken).values(values))
        assert member(await verify(server.nobody, token)) == INVALID
    assert not await is_verified(user)
    async with server.services.database.read() as reader:
        assert await reader.scalar(select(func.count()).where(User.email_verified)) == 0


@pytest.mark.asyncio
async def test_only_users_may_ask_and_three_times_an_hour(settings: Settings) -> None:
    throttled = settings_for(settings.database_url, settings.data_dir, rate_limit_enabled=True)
    async with serving(throttled, work=False) as server:
        user = await newcomer(server)
        for stranger in (server.nobody, server.guest()):
            assert (await stranger.execute(REQUEST)).code == "UNAUTHENTICATED"
        for _ in range(3):
            assert member(await user.execute(REQUEST)) == SENT
        assert (await user.execute(REQUEST)).code == "RATE_LIMITED"
        # One task: while a mail waits to be sent there is no second.
        async with server.services.database.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(Task)) == 1


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_the_mail_holds_nothing_that_the_registrant_typed(settings: Settings) -> None:
    url = "https://app.example.com/verify?token={token}&from=mail"
    linked = settings_for(settings.database_url, settings.data_dir, email_verify_url=url, email_verify_hours=1)
    async with serving(linked) as server:
        bait = "Win at https://evil.example"
        succeeded(await register(server.nobody, f'"{bait}" <{ADA}>', name=f"{bait}\r\nBcc: eve@example.com"))
        (mail,) = await mails(settings, 1, subject="address")
        assert "evil" not in mail.as_string()
        assert (mail["To"], mail["Bcc"]) == (ADA, None)
        text = mail.get_content()
        token = text.partition("?token=")[2].partition("&")[0]
        assert "It is good for 1 hour, and once." in text
        assert member(await verify(server.nobody, token)) == VERIFIED
